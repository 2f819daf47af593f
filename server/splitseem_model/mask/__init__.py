"""Mask embedding -> mask in the size of the image."""
