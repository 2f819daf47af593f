"""Errors of measuring.

MeasurementError       everything this package raises for a caller's mistake
├── DataError          an index, an image or a mask of a data set cannot be read
├── RivalError         a rival cannot be fetched or is not the one that was measured
└── EvaluationError    a measurement was asked for that the model or the data do not allow
"""


class MeasurementError(Exception):
    """Base of every error that a caller of `splitseem_eval` may meet."""


class DataError(MeasurementError):
    """A data set is missing, broken, or not in the documented format."""


class RivalError(MeasurementError):
    """A rival cannot be fetched, or its files are not those that were measured."""


class EvaluationError(MeasurementError):
    """The measurement asked for cannot be made with this model or this data set."""
