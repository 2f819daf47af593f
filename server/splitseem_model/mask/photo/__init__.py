"""Masks that follow the photo: its pixels, its colours, its edges, and the refinement that uses them."""
