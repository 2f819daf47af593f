"""Words -> vectors: the text encoders, and class matrices made with them."""
