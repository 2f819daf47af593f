"""Errors of training; data sets raise `splitseem_eval.errors.DataError`."""


class TrainingError(Exception):
    """A run cannot be made, continued or released as it was asked for."""
