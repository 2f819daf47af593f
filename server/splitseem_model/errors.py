"""Errors of splitseem_model.

ModelError
├── CheckpointError    a file of weights is unreadable or does not fit the model
└── ImageInputError    an image array or a region of interest the model cannot take
"""


class ModelError(ValueError):
    """Base of everything this package raises for a caller's mistake."""


class CheckpointError(ModelError):
    """A file of weights cannot be read, has the wrong digest, or does not fit the model."""


class ImageInputError(ModelError):
    """An image is not uint8 RGB, or the region of interest is not inside it."""
