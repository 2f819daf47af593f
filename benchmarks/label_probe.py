"""How far labels could get with the features that there are: a classifier of its own, given the true masks.

The levels of the embedding are averaged under the mask, around it and over the whole photo; a small network
learns class names from them. What it reaches on a set is about what any label of the decoder could reach
without better features.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from timing import write_result
from torch import Tensor, nn
from torch.nn import functional

from splitseem_eval.data import DataImage, find_index, is_validation, read_index, read_rgb
from splitseem_eval.names import COMMON_SET, class_name
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_proto import ImageGeometry, decode_tensor

LEAST_PIXELS = 20
HIDDEN = 256
EPOCHS = 30
BATCH = 256
COMMON_WEIGHT = 4.0
"""How often an object of the set with whole scenes is drawn, relative to others."""


def averaged(levels: list[Tensor], weights: Tensor) -> Tensor:
    """Each map `[C, h, w]` averaged by the weights `[H, W]` of the padded input: all of them in a row."""
    found = []
    for level in levels:
        share = functional.interpolate(weights[None, None], size=level.shape[1:], mode="area")[0, 0]
        found.append((level * share).sum((1, 2)) / share.sum().clamp(min=1e-6))
    return torch.cat(found)


def on_input(mask: NDArray[np.bool_], geometry: ImageGeometry) -> Tensor:
    """A mask of the image on the padded input, shares of pixels."""
    (height, width), (padded_height, padded_width) = geometry.input_hw, geometry.padded_hw
    whole = torch.from_numpy(mask.astype(np.float32))[None, None]
    small = functional.interpolate(whole, size=(height, width), mode="area")[0, 0]
    return functional.pad(small, (0, padded_width - width, 0, padded_height - height))


def surroundings(mask: Tensor, inside: Tensor) -> Tensor:
    """The bounding box, twice as large, without the object."""
    rows, columns = (torch.nonzero(mask.amax(dim) > 0.5).flatten() for dim in (1, 0))
    top, bottom, left, right = (int(x) for x in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
    high, wide = (bottom - top) // 2, (right - left) // 2
    around = torch.zeros_like(mask)
    around[max(0, top - high) : bottom + high, max(0, left - wide) : right + wide] = 1
    return around * (1 - mask) * inside


def features(encoder: ImageEncoder, record: DataImage, names: set[str]) -> list[tuple[str, Tensor]]:
    """Class name and features of every object of a photo that has one of the names."""
    wanted = [o for o in record.objects if o.label is not None and class_name(o.label) in names]
    if not wanted:
        return []
    embedding = encoder.encode(read_rgb(record.path), codec="float32")
    levels = [torch.from_numpy(decode_tensor(t))[0] for t in embedding.tensors if t.name.startswith("level")]
    inside = on_input(np.ones(record.size_hw, np.bool_), embedding.geometry)
    found = []
    for entry in wanted:
        mask = on_input(entry.mask, embedding.geometry)
        if mask.sum() < LEAST_PIXELS or mask.max() <= 0.5:
            continue
        parts = (averaged(levels, weights) for weights in (mask, surroundings(mask, inside), inside))
        found.append((class_name(entry.label or ""), torch.cat([*parts, mask.mean()[None].log()])))
    return found


def fitted(inputs: Tensor, classes: Tensor, weights: Tensor, num_classes: int) -> nn.Module:
    """A network of one hidden layer."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Dropout(0.3),
        nn.Linear(inputs.shape[1], HIDDEN),
        nn.GELU(),
        nn.Dropout(0.5),
        nn.Linear(HIDDEN, num_classes),
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    steps = EPOCHS * len(inputs) // BATCH
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, steps)
    for _ in range(steps):
        drawn = torch.multinomial(weights, BATCH, replacement=True)
        loss = functional.cross_entropy(network(inputs[drawn]), classes[drawn], label_smoothing=0.1)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
        optimiser.step()
        schedule.step()
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path, help="folder of training sets (*.jsonl.gz)")
    parser.add_argument("sets", type=Path, nargs="+", help="folders of evaluation sets with labels")
    parser.add_argument("--model", default="nano")
    options = parser.parse_args()
    torch.set_num_threads(1)
    encoder = ImageEncoder(load_model(options.model))
    records = [r for path in sorted(options.train.glob("*.jsonl.gz")) for r in read_index(path)]
    common = (o for r in records if r.dataset == COMMON_SET for o in r.objects if o.is_thing and o.label)
    names = sorted({class_name(o.label or "") for o in common})
    index = {name: i for i, name in enumerate(names)}

    def read(some: list[DataImage]) -> tuple[Tensor, Tensor, list[str]]:
        rows = [(*row, record.dataset) for record in some for row in features(encoder, record, set(names))]
        classes = torch.tensor([index[name] for name, _, _ in rows])
        return torch.stack([row for _, row, _ in rows]), classes, [dataset for *_, dataset in rows]

    held = {
        True: [r for r in records if is_validation(r)],
        False: [r for r in records if not is_validation(r)],
    }
    inputs, classes, datasets = read(held[False])
    mean, spread = inputs.mean(0), inputs.std(0) + 1e-3
    counts = Counter(classes.tolist())
    weights = torch.tensor(
        [
            (COMMON_WEIGHT if dataset == COMMON_SET else 1.0) * counts[k] ** -0.5
            for k, dataset in zip(classes.tolist(), datasets, strict=True)
        ]
    )
    network = fitted(((inputs - mean) / spread).clamp(-5, 5), classes, weights, len(names))
    tests = {"held out": held[True]} | {path.name: read_index(find_index(path)) for path in options.sets}
    rows = []
    for name, some in tests.items():
        inputs, truth, _ = read(some)
        with torch.no_grad():
            order = network(((inputs - mean) / spread).clamp(-5, 5)).argsort(1, descending=True)
        hits = order == truth[:, None]
        first, five = (round(float(hits[:, :k].any(1).float().mean()), 3) for k in (1, 5))
        rows.append({"set": name, "classes": len(names), "objects": len(truth), "first": first, "five": five})
    write_result("label_probe", rows)


if __name__ == "__main__":
    main()
