"""What an evaluation gave, as a page to look at."""
