"""What runs the calls of the decoder: torch in `torch_runtime.py`, ONNX Runtime in `graph_runtime.py`."""

from typing import Any, Protocol

from splitseem_model.decode.calls import Head, RefinerInputs, StepInputs
from splitseem_model.encode.mask_features import MaskMap
from splitseem_model.layers.arrays import Array, Floats
from splitseem_model.mask.refiner_scale import RefinerMaps

Levels = tuple[Floats, ...]


class DecoderRuntime(Protocol):
    """The calls of the decoder, and of the refiner where the model has one; arrays in and out."""

    def prepare(self, levels: Levels, masks: MaskMap, refiner_maps: RefinerMaps | None = None) -> Any:
        """Per image; the result goes to the other calls unseen."""

    def step(self, prepared: Any, inputs: StepInputs[Array], query_index: tuple[int, ...]) -> Head[Array]:
        """Per interaction; `query_index` is the learned query of every query row."""

    def refine(self, prepared: Any, inputs: RefinerInputs[Array]) -> Floats:
        """The selected mask redrawn, `[1, 1, H/4, W/4]`; only for models with a refiner."""
