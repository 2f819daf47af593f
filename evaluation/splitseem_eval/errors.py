"""Errors of training and evaluation.

TrainingError          everything this package raises for a caller's mistake
├── DataError          an index, an image or a mask of a data set cannot be read
└── EvaluationError    a measurement was asked for that the model or the data do not allow
"""


class TrainingError(Exception):
    """Base of every error that a caller of `splitseem_train` may meet."""


class DataError(TrainingError):
    """A data set is missing, broken, or not in the documented format."""


class EvaluationError(TrainingError):
    """The measurement asked for cannot be made with this model or this data set."""
