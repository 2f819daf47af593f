"""One interaction, from prompt to answer."""
