"""`python -m splitseem_train.semantic`: fits the semantic map of a model, which names masks and finds words.

The map is linear in the features of the backbone, so it is fitted by itself, in minutes, from their means
under the masks and from some of their cells; the backbone is read once. It has to be fitted again whenever
the backbone has changed. What is fitted is the cosine with the sentence vectors of the names. An object is
told from the names of its set, as in all training here.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from splitseem_eval.data import DataImage, DataObject, is_validation, read_index
from splitseem_eval.errors import MeasurementError
from splitseem_eval.evaluate import read_photo
from splitseem_eval.names import COMMON_SET, class_name
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import SEMANTIC_STRIDE, SemanticConfig
from splitseem_model.encode.preprocess import preprocess
from splitseem_model.encode.semantic import SemanticMap, cosines
from splitseem_model.errors import ModelError
from splitseem_model.layers.onednn import use_onednn
from splitseem_model.network import SegmentationModel
from splitseem_model.text.common_words import CommonFirst
from splitseem_proto import ImageGeometry
from splitseem_train.errors import TrainingError
from splitseem_train.recipe import SET_WEIGHTS

OBJECTS_A_PHOTO, CELLS_AN_OBJECT = 12, 6
"""Looked at, at most, drawn at random."""
INSIDE = 0.7
"""Least share of a cell that is object for it to be an example of its name."""
OTHER_CLASS = -1e4
SCALE = 20.0
"""Factor of the cosine between a meaning and a name: class logits."""


@dataclass(frozen=True)
class Region:
    """One annotated object: its set, photo and common name, and whether its photo is held out."""

    dataset: str
    photo: str
    name: str
    held_out: bool


@dataclass(frozen=True)
class Features:
    """What the backbone says of N objects.

    Attributes:
        pooled: `[N, C]`, means under the masks of both maps, that of stride 32 first.
        cells: `[M, C]`, cells inside; cell_of: `[M]` int64, of which object.
    """

    regions: tuple[Region, ...]
    pooled: Tensor
    cells: Tensor
    cell_of: Tensor

    def save(self, file: Path, source: str = "") -> None:
        """Write to a file, for `load`; `source`: what `source_of` says of where they come from."""
        regions = json.dumps([list(vars(region).values()) for region in self.regions])
        tensors = {"pooled": self.pooled, "cells": self.cells.half(), "cell_of": self.cell_of}
        save_file(tensors, file, metadata={"regions": regions, "source": source})

    @staticmethod
    def load(file: Path) -> "Features":
        """Read what `save` wrote."""
        tensors = load_file(file)
        with safe_open(file, framework="pt") as opened:
            regions = tuple(Region(*row) for row in json.loads(opened.metadata()["regions"]))
        return Features(regions, tensors["pooled"], tensors["cells"].float(), tensors["cell_of"])


def source_of(model: SegmentationModel, canvas: int, limit: int) -> str:
    """Digest of a backbone and of how photos are shown to it: other ones give other features."""
    digest = hashlib.sha256(f"{canvas} {limit}".encode())
    for name, tensor in sorted(model.backbone.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def kept_features(model: SegmentationModel, data: Path, file: Path, canvas: int, limit: int) -> Features:
    """The features in `file` if they are of this backbone; else they are read again, and kept there.

    Args:
        data: folder of training sets; limit: photos of each; canvas: their long side, pixels.
    Raises:
        TrainingError: no photo with a named object.
    """
    source = source_of(model, canvas, limit)
    if file.exists():
        with safe_open(file, framework="pt") as opened:
            if opened.metadata().get("source") == source:
                return Features.load(file)
    records = [record for path in sorted(data.glob("*.jsonl.gz")) for record in read_index(path)[:limit]]
    read_features(model, records, canvas).save(file, source)
    return Features.load(file)


@torch.inference_mode()
def read_features(model: SegmentationModel, records: Sequence[DataImage], canvas: int) -> Features:
    """Encode the named objects of photos, their long side `canvas` pixels."""
    use_onednn(model.backbone)
    rng = np.random.default_rng(0)
    regions: list[Region] = []
    pooled: list[Tensor] = []
    cells: list[Tensor] = []
    cell_of: list[int] = []
    with click.progressbar(records, label="photos") as photos:
        for record in photos:
            pixels, geometry = preprocess(read_photo(record), canvas=canvas, canvas_side="longest")
            features = _at_stride16(*model.backbone(pixels)[2:])
            for entry, share in _shares(record, geometry, rng):
                name = class_name(entry.label or "")
                pooled.append(torch.einsum("chw,hw->c", features, share) / share.sum())
                inside = torch.nonzero(share.flatten() > INSIDE)[:, 0].numpy()
                chosen = rng.permutation(inside)[:CELLS_AN_OBJECT]
                cells.extend(features.flatten(1)[:, chosen].T)
                cell_of.extend([len(regions)] * len(chosen))
                regions.append(Region(record.dataset, record.name, name, is_validation(record)))
    if not regions:
        raise TrainingError("none of these photos has an object with a name")
    return Features(tuple(regions), torch.stack(pooled), torch.stack(cells), torch.tensor(cell_of))


def _at_stride16(res4: Tensor, res5: Tensor) -> Tensor:
    """Both maps, one above the other, `[C, H/16, W/16]`, as `SemanticMap` combines them."""
    coarse = functional.interpolate(res5, scale_factor=2.0, mode="bilinear")
    return torch.cat([coarse, res4], dim=1)[0]


def _shares(
    record: DataImage, geometry: ImageGeometry, rng: np.random.Generator
) -> Iterator[tuple[DataObject, Tensor]]:
    """Named objects with the share of every cell that is theirs, `[H/16, W/16]`; not those too small."""
    named = [entry for entry in record.objects if entry.label is not None]
    (height, width), (padded_height, padded_width) = geometry.input_hw, geometry.padded_hw
    for index in rng.permutation(len(named))[:OBJECTS_A_PHOTO]:
        mask = torch.from_numpy(named[index].mask.astype(np.float32))[None, None]
        small = functional.interpolate(mask, size=(height, width), mode="bilinear", antialias=True)
        padded = functional.pad(small, (0, padded_width - width, 0, padded_height - height))
        share = functional.avg_pool2d(padded, SEMANTIC_STRIDE)[0, 0]
        if float(share.sum()) > 0:
            yield named[index], share


@dataclass(frozen=True)
class Fit:
    """How the map is fitted; `prior`: how much of the names' frequency is explained away, 0 to 1."""

    channels: int = 96
    steps: int = 1200
    batch: int = 768
    cells: float = 0.3
    dropout: float = 0.4
    rate: float = 2e-3
    weight_decay: float = 0.05
    prior: float = 0.5
    seed: int = 0


class _Examples:
    """Features with what they are to be called, as tensors."""

    def __init__(self, features: Features, names: Sequence[str], prior: float) -> None:
        known = {name: row for row, name in enumerate(names)}
        regions = features.regions
        self.rows = torch.tensor([known.get(region.name, -1) for region in regions])
        held_out = torch.tensor([region.held_out for region in regions])
        in_photo = Counter((region.dataset, region.photo) for region in regions)
        weights = [
            SET_WEIGHTS.get(region.dataset, 1.0) / in_photo[region.dataset, region.photo] ** 0.5
            for region in regions
        ]
        self.weights = torch.tensor(weights) * ~held_out * (self.rows >= 0)
        self.held_out = held_out & (self.rows >= 0)
        share = torch.zeros(len(names)).index_add_(0, self.rows.clamp(min=0), self.weights)
        self.log_prior = prior * (share / share.sum() + 1e-5).log()
        self.rivals = _rivals(features, names)
        self.mean, self.spread = features.pooled.mean(0), features.pooled.std(0) + 1e-3
        self.pooled = (features.pooled - self.mean) / self.spread
        self.cells, self.cell_of = (features.cells - self.mean) / self.spread, features.cell_of

    def biases(self, regions: Tensor) -> Tensor:
        """What is added to the class logits of objects, `[n, K]`."""
        return torch.where(self.rivals[regions], self.log_prior, OTHER_CLASS)


def _rivals(features: Features, names: Sequence[str]) -> Tensor:
    """The names that each object is told from, bool `[N, K]`."""
    of_set: dict[str, set[str]] = {}
    for region in features.regions:
        of_set.setdefault(region.dataset, set()).add(region.name)
    common = of_set.get(COMMON_SET, set())
    kinds = {(region.dataset, region.name in common) for region in features.regions}
    rows = {
        kind: torch.tensor([name in of_set[kind[0]] | (common if kind[1] else set()) for name in names])
        for kind in kinds
    }
    return torch.stack([rows[region.dataset, region.name in common] for region in features.regions])


def fit_map(
    features: Features, names: Sequence[str], sentences: Tensor, in_dims: tuple[int, int], fit: Fit
) -> tuple[SemanticMap, float]:
    """A map for a backbone with `in_dims` channels at strides 16 and 32, and the share of held-out objects
    that it names rightly.

    Args:
        names: of the model; sentences: `[K, sentence_dim]`, their vectors.
    """
    torch.manual_seed(fit.seed)
    semantic = SemanticMap(SemanticConfig(fit.channels), in_dims, sentences.shape[1], len(names))
    examples = _Examples(features, names, fit.prior)
    mixing = torch.nn.Linear(sum(in_dims), fit.channels, bias=False)
    fitted = (*mixing.parameters(), *semantic.to_sentence.parameters())
    optimizer = torch.optim.AdamW(fitted, fit.rate, weight_decay=fit.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, fit.rate, fit.steps, pct_start=0.1)
    for _ in range(fit.steps):
        given, regions = _drawn(examples, fit)
        meanings = mixing(functional.dropout(given, fit.dropout))
        logits = SCALE * cosines(semantic, meanings, sentences) + examples.biases(regions)
        loss = functional.cross_entropy(logits, examples.rows[regions])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    _take_mixing(semantic, mixing.weight.detach() / examples.spread, examples.mean)
    semantic.names.copy_(sentences)
    return semantic.eval().requires_grad_(False), _rightly_named(semantic, features, examples)


def _drawn(examples: _Examples, fit: Fit) -> tuple[Tensor, Tensor]:
    """Features `[batch, C]` of objects and cells, and of which objects they are."""
    cells = int(fit.batch * fit.cells)
    whole = torch.multinomial(examples.weights, fit.batch - cells, replacement=True)
    parts = torch.multinomial(examples.weights[examples.cell_of], cells, replacement=True)
    given = torch.cat([examples.pooled[whole], examples.cells[parts]])
    return given, torch.cat([whole, examples.cell_of[parts]])


@torch.no_grad()
def _take_mixing(semantic: SemanticMap, weight: Tensor, mean: Tensor) -> None:
    """Set the two convolutions from one matrix over both maps, stride 32 first, and the mean it is about."""
    coarse = semantic.from_res5.in_channels
    semantic.from_res5.weight.copy_(weight[:, :coarse, None, None])
    semantic.from_res4.weight.copy_(weight[:, coarse:, None, None])
    assert semantic.from_res4.bias is not None
    semantic.from_res4.bias.copy_(-weight @ mean)


@torch.no_grad()
def _rightly_named(semantic: SemanticMap, features: Features, examples: _Examples) -> float:
    """Share of the held-out objects that are told from their rivals; not a number where there is none."""
    chosen, coarse = examples.held_out, semantic.from_res5.in_channels
    res5, res4 = (part[:, :, None, None] for part in features.pooled[chosen].tensor_split([coarse], dim=1))
    meanings = (semantic.from_res4(res4) + semantic.from_res5(res5)).flatten(1)
    other = torch.where(examples.rivals[chosen], 0.0, OTHER_CLASS)
    named = (cosines(semantic, meanings, semantic.names) + other).argmax(-1)
    return float((named == examples.rows[chosen]).float().mean())


def with_map(model: SegmentationModel, semantic: SemanticMap) -> SegmentationModel:
    """The model with a semantic map."""
    channels = semantic.from_res4.out_channels
    extended = SegmentationModel(replace(model.config, semantic=SemanticConfig(channels)))
    own = {name: value for name, value in model.state_dict().items() if not name.startswith("semantic.")}
    extended.load_state_dict(own | {f"semantic.{name}": x for name, x in semantic.state_dict().items()})
    return extended.eval()


def fit_to(model: SegmentationModel, features: Features, fit: Fit) -> tuple[SegmentationModel, float]:
    """The model with a map fitted to features of its backbone, and the share of held-out objects that it
    names rightly.

    Raises:
        TextTowerError: a name is no common word, and the sentence encoder is not installed.
    """
    names = model.config.vocabulary
    dims = model.backbone.out_channels[2], model.backbone.out_channels[3]
    semantic, right = fit_map(features, names, CommonFirst().encode(names), dims, fit)
    return with_map(model, semantic), right


@click.command(context_settings={"show_default": True})
@click.argument("weights", type=click.Path(path_type=Path, exists=True))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="Training sets.")
@click.option("--features", type=click.Path(path_type=Path), required=True, help="Kept in this file.")
@click.option("--canvas", default=384, help="Long side of the photos, pixels.")
@click.option("--limit", default=1000, help="Photos of each set.")
@click.option("--channels", default=Fit.channels, help="Of the map.")
@click.option("--steps", default=Fit.steps)
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True)
def main(
    weights: Path, data: Path, features: Path, canvas: int, limit: int, channels: int, steps: int, out: Path
) -> None:
    """Fit the semantic map of WEIGHTS and write them with it.

    FEATURES are read if they are of the same backbone, canvas and limit, else made.
    """
    try:
        model = load_model(str(weights))
        read = kept_features(model, data, features, canvas, limit)
        fitted, right = fit_to(model, read, Fit(channels=channels, steps=steps))
    except (ModelError, MeasurementError, TrainingError) as error:
        raise click.ClickException(str(error)) from error
    save_weights(fitted, out)
    click.echo(f"{out}: names {right:.3f} of the held-out objects rightly")


if __name__ == "__main__":
    main()
