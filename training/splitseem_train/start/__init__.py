"""Weights that a run begins from."""
