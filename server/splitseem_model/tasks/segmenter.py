"""The tasks for callers without torch: embedding in, segments out."""

from splitseem_model.encoder import ImageEncoder
from splitseem_model.predictor import Predictor
from splitseem_model.segmentation import SegmentationModel
from splitseem_model.tasks.segments import Segmentation
from splitseem_model.wiring import WIRINGS
from splitseem_proto import Embedding


class Segmenter:
    """Blocking. The classes of an official model are read from the cache, or encoded with the first image,
    which takes minutes."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def segment(self, embedding: Embedding, mode: str, min_score: float) -> Segmentation:
        """Everything in an image; arguments and errors as for `Predictor.panoptic`."""
        return self._predictor.panoptic(self._predictor.prepare(embedding), mode, min_score=min_score)


def segmenter_of(model: SegmentationModel, encoder: ImageEncoder) -> Segmenter | None:
    """The tasks of a model beside its encoder; None when it answers prompts only."""
    if "object" not in WIRINGS[model.config.decoder.wiring].queries:
        return None
    return Segmenter(Predictor(model, encoder=encoder))
