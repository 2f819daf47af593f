"""Files that are served: the exported decoder and the page."""
