"""The server's decoder, run here: its graphs in ONNX Runtime, all else by `splitseem_model`, without torch.

Imported where it is first used: it needs onnxruntime.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack
import numpy as np

from splitseem.decoder_files import TEXT_GRAPHS
from splitseem.errors import InputError
from splitseem.results import Floats
from splitseem_model.config import CorrectionConfig, DecoderConfig, PhotoConfig, RefinerConfig
from splitseem_model.decode.wiring import WIRINGS
from splitseem_model.encode.mask_features import MaskFeatures, MaskMap
from splitseem_model.encode.meaning import SentenceSpace
from splitseem_model.image_decoder import ImageDecoder
from splitseem_model.prompt.shapes import RegionRules
from splitseem_model.step.graph_runtime import GraphPair, GraphRuntime, RefinerPair
from splitseem_model.step.options import StepOptions
from splitseem_model.step.parts import DecoderParts
from splitseem_model.text.names import Vocabulary
from splitseem_model.text.tower import TextEncoding

Files = Mapping[str, bytes]
"""Graphs by their names in the manifest, and `vocabulary`."""


@dataclass(frozen=True)
class ClientConfig:
    """What a manifest says of a model; a `splitseem_model.config.StepConfig`."""

    name: str
    decoder: DecoderConfig
    logit_scale: float
    refiner: RefinerConfig | None
    correction: CorrectionConfig | None
    photo: PhotoConfig | None

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> ClientConfig:
        """Read it. Raises: KeyError, TypeError: it says something else."""
        config = manifest["config"]
        refiner, correction, photo = (config.get(part) for part in ("refiner", "correction", "photo"))
        return cls(
            manifest["model"],
            _decoder_config(manifest),
            config["logit_scale"],
            None if refiner is None else RefinerConfig(**refiner),
            None if correction is None else CorrectionConfig(**correction),
            None if photo is None else PhotoConfig(**photo),
        )


@dataclass
class KnownTexts:
    """What the server said of texts and names; they are asked for before a step needs them.

    Attributes:
        rows: of names, in the class matrix.
    """

    encodings: dict[str, TextEncoding] = field(default_factory=dict)
    rows: dict[str, Floats] = field(default_factory=dict)

    def read(self, text: str) -> TextEncoding:
        """A text that was asked for."""
        return self.encodings[text]

    def class_matrix(self, names: Sequence[str]) -> Floats:
        """Of names that were asked for, `[K, E]`."""
        return np.stack([self.rows[name] for name in names])


def open_decoder(
    manifest: Mapping[str, Any], files: Files, text_graphs: Callable[[], Files], texts: KnownTexts
) -> ImageDecoder:
    """The decoder of a manifest.

    Args:
        files: the graphs of a click and of the refiner, and the vocabulary; text_graphs: the others, asked
            for with the first text.
    """
    config = ClientConfig.of(manifest)
    vocabulary, space = _vocabulary(files["vocabulary"])
    takes_text = "text" in manifest["config"]
    parts = DecoderParts(
        config,
        manifest["fingerprint"],
        _runtime(config.decoder, files, text_graphs),
        _masks,
        texts.read if takes_text else None,
        texts.class_matrix if takes_text else None,
        space,
        lambda: vocabulary,
    )
    return ImageDecoder(parts, StepOptions(RegionRules(**manifest["config"]["region_rules"])))


def _decoder_config(manifest: Mapping[str, Any]) -> DecoderConfig:
    config = manifest["config"]
    marked = config["region_rules"]["box"] == "corners"
    return DecoderConfig(
        manifest["wiring"]["name"],
        dim=config["dim"],
        mask_dim=config["mask_dim"],
        class_dim=config["class_dim"],
        num_layers=config["num_layers"],
        num_heads=config["num_heads"],
        num_queries=_learned_queries(manifest),
        num_memories=config["num_memories"],
        num_point_labels=4 if marked else 2,
        level_dims=tuple(config["level_dims"]),
        point_sampling=config["point_sampling"],
        selection=config["selection"],
        first_passes=config.get("first_passes", 1),
    )


def _learned_queries(manifest: Mapping[str, Any]) -> int:
    """All of them are in the general graphs; without these, those that answer points are all that count."""
    general = manifest["graphs"].get("general_prepare")
    if general is None:
        return int(manifest["config"]["num_queries"])
    (shape,) = (tensor["shape"] for tensor in general["outputs"] if tensor["name"] == "query_state")
    return int(shape[1])


def _runtime(config: DecoderConfig, files: Files, text_graphs: Callable[[], Files]) -> GraphRuntime:
    def general() -> GraphPair:
        prepare, step = (text_graphs()[name] for name in TEXT_GRAPHS)
        return GraphPair(prepare, step)

    return GraphRuntime(
        GraphPair(files["prepare"], files["step"]),
        WIRINGS[config.wiring].interactive_queries(config.num_queries),
        general,
        RefinerPair(files["look"], files["refine"]) if "refine" in files else None,
    )


def _masks(tensors: Mapping[str, Floats]) -> MaskMap:
    if "mask_features" not in tensors:
        raise InputError(
            "masks are made here of embeddings with mask features, this one has none: embed the image with"
            " maps='features'"
        )
    return MaskFeatures(tensors["mask_features"])


def _vocabulary(content: bytes) -> tuple[Vocabulary | None, SentenceSpace | None]:
    said = msgpack.unpackb(content)
    names = tuple(said["names"])
    rows = said.get("to_sentence")
    return (
        Vocabulary(names, _matrix(said["class_matrix"])) if names else None,
        None if rows is None else SentenceSpace(_matrix(rows)),
    )


def _matrix(plain: Mapping[str, Any]) -> Floats:
    return np.frombuffer(plain["data"], dtype="<f4").reshape(plain["shape"]).astype(np.float32)
