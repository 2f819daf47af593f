"""SEEM in torch: arrays in, embeddings and mask logits out. Knows nothing of HTTP or caches."""
