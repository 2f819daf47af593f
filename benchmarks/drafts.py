"""How good a draft is: masks after one and two clicks from averaged maps, with nothing after the decoder.

A click that cannot wait for a large image is answered from such maps, see
`client/src/worker/step/coarseDraft.ts`. Here they are the embedding of a smaller input, which comes to the
same. Clicks are simulated on the final masks; the set is a folder as for `splitseem evaluate`. Factor 1 is
a draft from maps that are not averaged.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from statistics import mean, median

import numpy as np
import torch
from numpy.typing import NDArray
from timing import write_result
from torch.nn.functional import avg_pool2d

from splitseem_eval.clicker import PROTOCOLS, Clicker
from splitseem_eval.data import find_index, read_index, read_rgb
from splitseem_eval.metrics import iou
from splitseem_eval.targets import annotated_targets
from splitseem_model.predictor import Predictor, PreparedImage
from splitseem_model.step.answering import STAGES
from splitseem_model.step.options import StepOptions
from splitseem_model.step.replay import replay
from splitseem_proto import Embedding, NamedTensor, PromptItem, decode_tensor, encode_tensor

CLICKS = 2
STRIDE = 32
LEVELS = {"level0": 32, "level1": 16, "level2": 8, "mask_features": 4}


def coarser(embedding: Embedding, factor: int) -> Embedding:
    """The embedding of an input that is `factor` times smaller: every map averaged over blocks."""
    geometry = embedding.geometry
    padded_hw = tuple(-(-side // (STRIDE * factor)) * STRIDE for side in geometry.padded_hw)
    smaller = replace(
        geometry,
        input_hw=tuple(max(round(side / factor), 1) for side in geometry.input_hw),
        padded_hw=padded_hw,
    )
    tensors = tuple(
        _averaged(tensor, factor, LEVELS[tensor.name], padded_hw)
        for tensor in embedding.tensors
        if tensor.name in LEVELS
    )
    return replace(embedding, geometry=smaller, codec="float32", tensors=tensors)


def _averaged(tensor: NamedTensor, factor: int, stride: int, padded_hw: tuple[int, ...]) -> NamedTensor:
    values = decode_tensor(tensor)
    height, width = (side // stride * factor for side in padded_hw)
    filled = np.pad(
        values, [(0, 0), (0, 0), (0, height - values.shape[2]), (0, width - values.shape[3])], mode="edge"
    )
    means = avg_pool2d(torch.from_numpy(filled), factor).numpy()
    return encode_tensor(tensor.name, means, "float32")


def masks(predictor: Predictor, image: PreparedImage, clicks: list[PromptItem]) -> list[NDArray[np.bool_]]:
    """After each click, with the step before as memory."""
    steps = replay(predictor.step, image, [(click,) for click in clicks])
    return [predictor.mask(image, step) for step in steps]


def clicks_on(truth: NDArray[np.bool_], predictor: Predictor, image: PreparedImage) -> list[PromptItem]:
    """What a user would click who sees the whole answers."""
    clicker = Clicker(truth, PROTOCOLS["ritm"])
    clicks: list[PromptItem] = []
    mask = np.zeros_like(truth)
    for _ in range(CLICKS):
        clicks += clicker.next_clicks(mask)
        mask = masks(predictor, image, clicks)[-1]
    return clicks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--canvases", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--limit", type=int, help="only the first N images")
    options = parser.parse_args()
    torch.set_num_threads(1)
    whole = Predictor.load(options.model)
    draft = whole.with_options(StepOptions(without=frozenset(STAGES)))
    rows = []
    for canvas in options.canvases:
        found: dict[tuple[int, int], list[tuple[float, float]]] = {}
        finals: list[list[float]] = [[] for _ in range(CLICKS)]
        for record in read_index(find_index(options.data))[: options.limit]:
            embedding = whole.encoder.encode(read_rgb(record.path), canvas=canvas)
            image = whole.decoder.prepare(embedding)
            drafts = {f: draft.decoder.prepare(coarser(embedding, f)) for f in options.factors}
            for target in annotated_targets(record):
                clicks = clicks_on(target.truth, whole, image)
                final = masks(whole, image, clicks)
                for k, mask in enumerate(final):
                    finals[k].append(iou(mask, target.truth))
                for factor, coarse in drafts.items():
                    for k, mask in enumerate(masks(draft, coarse, clicks)):
                        pair = iou(mask, final[k]), iou(mask, target.truth)
                        found.setdefault((factor, k), []).append(pair)
        for (factor, k), pairs in found.items():
            of_final, of_truth = zip(*pairs, strict=True)
            rows.append(
                {
                    "set": options.data.name,
                    "model": whole.name,
                    "canvas": canvas,
                    "factor": factor,
                    "clicks": k + 1,
                    "iou of final": round(mean(of_final), 3),
                    "median": round(median(of_final), 3),
                    "iou of truth": round(mean(of_truth), 3),
                    "final's": round(mean(finals[k]), 3),
                    "objects": len(pairs),
                }
            )
    write_result(f"drafts_{options.data.name}", rows)


if __name__ == "__main__":
    main()
