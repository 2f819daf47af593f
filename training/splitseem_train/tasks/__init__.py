"""What a step trains: prompts that are given, and what is held against the answer."""
