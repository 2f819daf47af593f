"""One module for each group of routes: parse, call, answer."""
