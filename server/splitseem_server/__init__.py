"""HTTP service: an image in, its embedding out, kept in a cache and addressed by its content."""
