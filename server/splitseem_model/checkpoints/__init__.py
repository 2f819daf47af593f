"""Weights: read, verified, renamed, fetched, released."""
