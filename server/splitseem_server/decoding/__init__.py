"""Embedding -> masks, segments and text vectors, for clients without a decoder."""
