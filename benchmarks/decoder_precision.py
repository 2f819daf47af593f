"""What every precision of the decoder's weights costs and saves: `decoder_precision.py DATA_DIR`.

For nano: bytes of the files of a click, start of a session and milliseconds of a step and a refinement at a
canvas, in ONNX Runtime and in onnxruntime-web under node, one thread; and the overlap of its masks with those
of float32 after each of three clicks of a simulated user on every object of the set (a folder as for
`splitseem evaluate`, which measures clicks: `--runtime onnx --precision`). With `--golden DIR`, a golden set,
also the official decoder: bytes, and the share of the selected mask's cells that change side.
"""

import argparse
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from decoder_graphs import native_ms, wasm_times
from graph_flops import GraphCase, graph_cases
from timing import write_result

from splitseem_eval.clicker import PROTOCOLS, Clicker
from splitseem_eval.data import DataImage, find_index, read_index, read_rgb
from splitseem_eval.metrics import iou
from splitseem_eval.targets import annotated_targets
from splitseem_export.graphs import trace_graphs
from splitseem_export.precision import FLOAT32, PRECISIONS, stored
from splitseem_export.runtime import load_onnx_predictor
from splitseem_export.sessions import GraphPair
from splitseem_export.step_inputs import element, with_a_point
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.mask.selection import selection_scores
from splitseem_model.step.replay import replay
from splitseem_parity.decoder_cases import CONFIG, golden_decoder, step_inputs
from splitseem_parity.exported_cases import ClickCase
from splitseem_parity.golden_set import GoldenSet

CLICKS = 3
TIMED = ("prepare", "step", "refine")
GOLDEN_CASES = ("v1_click", "v1_round2", "v0_click", "v0_round2")


def overlaps(records: list[DataImage], precision: str) -> list[float]:
    """IoU of each mask with that of float32 after the same clicks, which a user of float32 gives."""
    both = [load_onnx_predictor("nano", precision=name) for name in (FLOAT32, precision)]
    found = []
    for record in records:
        photo = read_rgb(record.path)
        images = [predictor.encode(photo) for predictor in both]
        for target in annotated_targets(record):
            clicker = Clicker(target.truth, PROTOCOLS["ritm"])
            prompts = [clicker.next_clicks(np.zeros_like(target.truth))]
            answers = [replay(p.step, image, prompts) for p, image in zip(both, images, strict=True)]
            for _ in range(CLICKS):
                steps = [next(steps) for steps in answers]
                masks = [p.mask(*seen) for p, *seen in zip(both, images, steps, strict=True)]
                found.append(iou(*masks))
                prompts.append(clicker.next_clicks(masks[0]))
    return found


def nano_rows(records: list[DataImage], canvas: int, repeats: int) -> list[dict[str, Any]]:
    """A row a precision."""
    plain = graph_cases(load_model("nano"), canvas)
    rows = []
    for precision in PRECISIONS:
        cases = {name: GraphCase(stored(case.graph, precision), case.feed) for name, case in plain.items()}
        wasm = wasm_times({name: cases[name] for name in TIMED}, repeats)
        common = [] if precision == FLOAT32 else overlaps(records, precision)
        rows.append(
            {
                "model": "nano",
                "precision": precision,
                "mb": round(sum(len(case.graph) for case in cases.values()) / 1e6, 2),
                "start_ms": round(sum(times["session_ms"] for times in wasm.values())),
                **{f"{name}_native": native_ms(cases[name], repeats) for name in TIMED},
                **{f"{name}_wasm": wasm[name]["median_ms"] for name in TIMED},
                "iou_mean": round(mean(common), 4) if common else 1.0,
                "iou_median": round(median(common), 4) if common else 1.0,
                "below_0.99": round(mean(value < 0.99 for value in common), 3) if common else 0.0,
                "below_0.95": round(mean(value < 0.95 for value in common), 3) if common else 0.0,
            }
        )
    return rows


@torch.inference_mode()
def golden_rows(golden: GoldenSet) -> list[dict[str, Any]]:
    """A row a case and precision: what changes of the official decoder's answer."""
    rows = []
    for name in GOLDEN_CASES:
        case = ClickCase.read(golden, name, CONFIG.num_queries)
        graphs = trace_graphs(
            golden_decoder(golden.seed_offset, case.wiring.name), tuple(case.query_index.tolist())
        )
        answers = {}
        for precision in PRECISIONS:
            reduced = graphs.stored(precision)
            answers[precision] = _selected(case, GraphPair.of_graphs(reduced))
            (query, mask), (exact_query, exact) = answers[precision], answers[FLOAT32]
            rows.append(
                {
                    "model": name,
                    "precision": precision,
                    "mb": round((len(reduced.prepare) + len(reduced.step)) / 1e6, 1),
                    "same_query": query == exact_query,
                    "cells_that_flip": round(float((mask != exact).float().mean()), 4),
                }
            )
    return rows


def _selected(case: ClickCase, runtime: GraphPair) -> tuple[int, torch.Tensor]:
    """The query that answers the first element of a case, and its mask."""
    inputs = element(with_a_point(step_inputs(case)), 0)
    head = runtime.step(runtime.prepare(case.target.levels, case.target.mask_features), inputs)
    points = case.points[0]
    scores = selection_scores(
        CONFIG,
        head.mask_embed.numpy(),
        head.quality.numpy(),
        points.sampled_mask_features()[:1].numpy(),
        points.labels_of_object(0)[:1].numpy(),
    )
    query = int(scores.argmax())
    logits = torch.einsum("c,chw->hw", head.mask_embed[0, query], case.target.mask_features[0])
    return query, logits > 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--canvas", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--limit", type=int, help="only the first N images")
    parser.add_argument("--golden", type=Path, help="a golden set: also measure the official decoder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    records = list(read_index(find_index(options.data)))[: options.limit]
    write_result("decoder_precision", nano_rows(records, options.canvas, options.repeats))
    if options.golden is not None:
        write_result("decoder_precision_official", golden_rows(GoldenSet(options.golden)))


if __name__ == "__main__":
    main()
