"""What answering prompts needs of a model, wherever its network runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from splitseem_model.config import StepConfig
from splitseem_model.encode.meaning import SentenceSpace
from splitseem_model.layers.arrays import Floats
from splitseem_model.step.prepared_image import Reader
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_model.text.names import Vocabulary
from splitseem_model.text.tower import TextEncoding


@dataclass(frozen=True, eq=False)
class DecoderParts:
    """Of one model; `torch_decoder.py` takes them from the model itself.

    Attributes:
        read_masks: tensors of an embedding -> what masks are made of.
        read_text: a text -> a prompt; None for a model without text tower.
        class_matrix: names -> `[K, E]`, rows of length one; None likewise.
        space: of a model with a semantic map.
        vocabulary: the names that masks may have; they may be encoded when they are first asked for.
    """

    config: StepConfig
    fingerprint: str
    runtime: DecoderRuntime
    read_masks: Reader
    read_text: Callable[[str], TextEncoding] | None = None
    class_matrix: Callable[[Sequence[str]], Floats] | None = None
    space: SentenceSpace | None = None
    vocabulary: Callable[[], Vocabulary | None] = lambda: None
