"""SEEM in torch: arrays in, embeddings and mask logits out. Knows nothing of HTTP, caches or files of users."""
