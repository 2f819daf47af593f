"""The two halves of an encoder as they run for inference: what is computed, at which precision, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from splitseem_model.config import ModelConfig
from splitseem_model.encode.deformable import DeformablePixelDecoder
from splitseem_model.encode.folded_pyramid import FoldedPyramid
from splitseem_model.encode.mask_map import level_averages, mask_conv
from splitseem_model.encode.meaning import SEMANTIC
from splitseem_model.encode.pixel_decoder import FPN, MultiScale
from splitseem_model.encode.semantic import SemanticMap
from splitseem_model.layers.onednn import use_onednn

Precision = Literal["float32", "bfloat16", "float16"]
Pyramid = tuple[Tensor, Tensor, Tensor, Tensor]
MapKind = Literal["features", "source", "lateral"]
Fuse = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, MultiScale]]


class EncoderModel(Protocol):
    """What an encoder wants of a model; `splitseem_model.network.SegmentationModel` has it."""

    config: ModelConfig

    @property
    def backbone(self) -> nn.Module:
        """Pixels `[B, 3, H, W]` -> maps of strides 4, 8, 16 and 32."""

    @property
    def pixel_decoder(self) -> nn.Module:
        """These maps -> mask features and levels."""

    @property
    def semantic(self) -> SemanticMap | None:
        """What makes the map of meanings, for models that have one."""

    def fingerprint(self) -> str:
        """Digest of configuration and weights."""


@dataclass(frozen=True)
class EncoderOptions:
    """How an encoder computes. At float32 no option changes a mask by more than rounding.

    Attributes:
        mask_source: give the map that mask features are one convolution of, and their averages at the
            levels, instead of the mask features; see `mask_map.py`. For readers that know it.
        precision: of the convolutions and products; below float32 by autocast, which pays on GPUs.
        onednn: let oneDNN run the linear layers on a CPU.
        channels_last: lay maps out cell by cell, which the convolutions of GPUs like.
        compile: let `torch.compile` fuse the backbone; the first images then take minutes.
    """

    mask_source: bool = False
    precision: Precision = "float32"
    onednn: bool = True
    channels_last: bool = False
    compile: bool = False

    @property
    def numerics(self) -> str:
        """The options that change numbers of embeddings by rounding, by name; empty for the usual ones."""
        named = {self.precision: self.precision != "float32", "channels_last": self.channels_last}
        return ",".join(name for name, is_set in named.items() if is_set)


class EncoderNetwork:
    """Backbone and pixel decoder of a model, moved to a device."""

    def __init__(self, model: EncoderModel, device: torch.device, options: EncoderOptions) -> None:
        self._layout = torch.channels_last if options.channels_last else torch.contiguous_format
        for half in (model.backbone, model.pixel_decoder):
            half.to(device).eval()
            half.to(memory_format=self._layout)  # type: ignore[call-overload]  # documented, not in its types
        self._pixel_decoder = model.pixel_decoder
        self._semantic = model.semantic
        self._conv = mask_conv(model.pixel_decoder)
        self._options = options
        self.kinds: tuple[MapKind, ...] = map_kinds(model)
        self.kind: MapKind = "source" if options.mask_source else "features"
        if self.kind not in self.kinds:
            pixel_decoder = type(model.pixel_decoder).__name__
            raise ValueError(f"{pixel_decoder} of {model.config.name} does not give its mask source")
        self._device = device
        if options.onednn and device.type == "cpu":
            use_onednn(model.backbone)
            use_onednn(model.pixel_decoder)
        backbone: Callable[[Tensor], Pyramid] = model.backbone
        self._backbone = torch.compile(backbone) if options.compile else backbone

    @torch.inference_mode()
    def __call__(self, pixels: Tensor, kind: MapKind) -> dict[str, Tensor]:
        """Encode `[1, 3, H, W]`, normalised and padded: the tensors of an embedding by their names, in wire
        order, float32 on the device. `kind` is one of `kinds`."""
        with self._autocast():
            res2, res3, res4, res5 = self._backbone(pixels.to(self._device, memory_format=self._layout))
        # Upstream, too, keeps the deformable decoder at float32: its look-ups are sensitive to rounding.
        if isinstance(self._pixel_decoder, DeformablePixelDecoder):
            levels, masks = self._maps((res2.float(), res3.float(), res4.float(), res5.float()), kind)
        else:
            with self._autocast():
                levels, masks = self._maps((res2, res3, res4, res5), kind)
        named = {f"level{i}": level for i, level in enumerate(levels)}
        if self._semantic is not None:
            named[SEMANTIC] = self._semantic(res4.float(), res5.float())
        return {name: x.float() for name, x in {**named, **masks}.items()}

    def _autocast(self) -> torch.autocast:
        dtype = getattr(torch, self._options.precision)
        return torch.autocast(self._device.type, dtype, enabled=dtype != torch.float32)

    def _maps(self, pyramid: Pyramid, kind: MapKind) -> tuple[MultiScale, dict[str, Tensor]]:
        match kind:
            case "features":
                mask_features, levels = self._pixel_decoder(*pyramid)
                return levels, {"mask_features": mask_features}
            case "source":
                source, levels = self._fuse(*pyramid)
                averages = level_averages(source, self._conv)
                named = {f"mask_level{i}": x for i, x in enumerate(averages)}
                return levels, {"mask_source": source, **named}
            case "lateral":
                assert isinstance(self._pixel_decoder, FPN)
                return self._pixel_decoder.levels(*pyramid[1:]), {"lateral": pyramid[0]}

    @cached_property
    def _fuse(self) -> Fuse:
        """What gives the map before the last convolution."""
        if isinstance(self._pixel_decoder, FPN):
            return FoldedPyramid(self._pixel_decoder).fuse
        assert isinstance(self._pixel_decoder, DeformablePixelDecoder)
        return self._pixel_decoder.fuse


def map_kinds(model: EncoderModel) -> tuple[MapKind, ...]:
    """What embeddings of this model can hold of an image's masks: the mask features, the map that they are
    one convolution of, or the backbone's map of stride 4, from which with level2 that one is made again."""
    match model.pixel_decoder:
        case FPN():
            return "features", "source", "lateral"
        case DeformablePixelDecoder():
            return "features", "source"
        case _:
            return ("features",)
