"""Attention, positions and sampling: what every part of the network is made of."""
