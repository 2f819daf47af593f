"""The decoder in a real browser, beside SAM's: `make bench-browser`."""
