"""The tasks for callers without torch: embedding in, segments out."""

from splitseem_model.decode.wiring import WIRINGS
from splitseem_model.image_decoder import ImageDecoder
from splitseem_model.network import SegmentationModel
from splitseem_model.tasks.segments import Segmentation
from splitseem_model.torch_decoder import decoder_of
from splitseem_proto import Embedding


class Segmenter:
    """Blocking. The classes of an official model are read from the cache, or encoded with the first image,
    which takes minutes."""

    def __init__(self, decoder: ImageDecoder) -> None:
        self._decoder = decoder

    def segment(self, embedding: Embedding, mode: str, min_score: float) -> Segmentation:
        """Everything in an image; arguments and errors as for `ImageDecoder.panoptic`."""
        return self._decoder.panoptic(self._decoder.prepare(embedding), mode, min_score=min_score)


def segmenter_of(model: SegmentationModel, fingerprint: str) -> Segmenter | None:
    """The tasks of a model that is loaded already; None when it has neither object queries nor a semantic
    map."""
    if "object" not in WIRINGS[model.config.decoder.wiring].queries and model.semantic is None:
        return None
    return Segmenter(decoder_of(model, fingerprint))
