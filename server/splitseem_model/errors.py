"""Errors of splitseem_model.

ModelError
├── CheckpointError      a file of weights is unreadable or does not fit the model
├── FetchError           a known checkpoint is not here and cannot be fetched
├── FingerprintMismatch  an embedding was made by another model
├── GraphError           ONNX Runtime cannot load a graph
├── ImageInputError      an image array or a region of interest the model cannot take
├── PromptError          a prompt the model cannot take, or one outside the image
├── TaskError            a task without prompt that the model cannot do, or none of that name
├── TextTowerError       a text encoder is not installed or is not the one that is needed
└── UnknownModelError    no preset and no file of that name
"""


class ModelError(ValueError):
    """Base of everything this package raises for a caller's mistake."""


class CheckpointError(ModelError):
    """A file of weights cannot be read, has the wrong digest, or does not fit the model."""


class FetchError(ModelError):
    """A known checkpoint is not in the cache and cannot be fetched from its hub."""


class DeviceMemoryError(ModelError):
    """The device has not enough memory for these images at once."""


class GraphError(ModelError):
    """ONNX Runtime cannot load an exported graph."""


class ImageInputError(ModelError):
    """An image is not uint8 RGB, or the region of interest is not inside it."""


class FingerprintMismatch(ModelError):
    """An embedding was made by another model than the one that is to decode it."""


class PromptError(ModelError):
    """A prompt is empty, outside the image, or of a kind the model does not take."""


class TaskError(ModelError):
    """A task without prompt that the model has no queries or classes for, or one that there is not."""


class TextTowerError(ModelError):
    """A text encoder is not installed, or its files are not those that the model was made with."""


class UnknownModelError(ModelError):
    """A model name that is no preset with weights and no file."""
