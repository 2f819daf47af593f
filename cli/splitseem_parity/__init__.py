"""Comparison with golden sets: folders of arrays that the official SEEM code produced from pseudo-random
weights.

A set is `manifest.json` and `.npz` files. `golden_set.py` reads it, `cases.py` says who checks which case,
and the checkers run our model on a case's inputs and hand every result to a `Comparison`.
"""
