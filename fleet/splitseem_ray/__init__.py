"""splitseem on a Ray cluster: embeddings of millions of images by Ray Data. Needs `splitseem[ray]`."""
