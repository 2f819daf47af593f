"""Where embeddings are kept: in the process, or in Redis."""
