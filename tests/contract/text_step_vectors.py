"""Rows and selection of steps with texts: this script writes proto/vectors/text_steps.json.

Python is held to it in test_text_step_vectors.py, TypeScript in client/test/worker/textSteps.test.ts.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from splitseem_export.manifest import make_manifest
from splitseem_model.config import TINY
from splitseem_model.decode.calls import Head
from splitseem_model.decode.step_rows import lay_out
from splitseem_model.decode.wiring import Slots
from splitseem_model.layers.arrays import Array, Floats
from splitseem_model.mask.selection import answer_scores, text_weight
from splitseem_model.network import SegmentationModel

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "text_steps.json"

SELECTION_RULES: dict[str, Literal["quality", "points"]] = {
    "nano": "quality",
    "v0": "points",
    "v1": "points",
    "v0-grounding-sees-points": "points",
}
MODELS = {
    name: replace(
        TINY,
        decoder=replace(TINY.decoder, wiring=name, num_memories=2, selection=selection),
        sentence_dim=6,
    )
    for name, selection in SELECTION_RULES.items()
}

# wiring, labels of the points, rows of text, whether there is a previous mask
ROWS: list[tuple[str, list[int], int, bool]] = [
    ("nano", [-1], 1, False),
    ("nano", [-1], 1, True),
    ("nano", [1, 0, 1], 1, True),
    ("nano", [2, 3, -1], 3, False),
    ("v0", [-1], 4, True),
    ("v0", [1], 2, True),
    ("v1", [-1], 3, False),
    ("v1", [0, 1], 2, True),
    ("v0-grounding-sees-points", [1, -1], 2, True),
]

# wiring, labels of the points, number of texts, whether they choose
SELECTIONS: list[tuple[str, list[int], int, bool]] = [
    ("nano", [-1], 1, True),
    ("nano", [1], 1, False),
    ("nano", [1, 0, 0], 2, False),
    ("nano", [2, 3], 1, False),
    ("nano", [1, 1], 3, False),
    ("v0", [-1], 2, True),
    ("v0", [1, 0, 1], 0, False),
    ("v1", [0, 0], 0, False),
    ("v1", [1, 0], 1, True),
    ("v1", [1, 0], 1, False),
]


def vectors() -> dict[str, list[dict[str, Any]]]:
    """The wirings of small models as in their manifests, the rows of steps, and scores of queries."""
    return {
        "models": [{"wiring": name, "text_wirings": _text_wirings(name)} for name in MODELS],
        "rows": [_rows(*case) for case in ROWS],
        "selections": [_selection(seed, *case) for seed, case in enumerate(SELECTIONS)],
    }


def _text_wirings(name: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return make_manifest(SegmentationModel(MODELS[name]).eval(), [], Path(folder))["text_wirings"]


def _rows(wiring: str, labels: list[int], texts: int, memory: bool) -> dict[str, Any]:
    points = Slots("point", len(labels), valid=np.array([labels]) >= 0)
    words = (Slots("text", texts),) if texts else ()
    rows = lay_out(MODELS[wiring].decoder, (points,), words, memory=memory)
    sees = ["".join("1" if bias == 0 else "0" for bias in row) for row in rows.attention_bias[0].tolist()]
    return {
        "wiring": wiring,
        "point_labels": labels,
        "text_rows": texts,
        "memory": memory,
        "query_index": list(rows.query_index),
        "answering": [rows.answering.start, rows.answering.stop],
        "sees": sees,
    }


def _selection(seed: int, wiring: str, labels: list[int], texts: int, by_text: bool) -> dict[str, Any]:
    config = MODELS[wiring]
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Floats:
        return torch.randn(*shape, generator=generator).mul(64).round().div(64).numpy()

    head: Head[Array] = Head(mask_embed=drawn(1, 4, 3), class_embed=drawn(1, 4, 5), quality=drawn(1, 4))
    points, sentences = drawn(1, len(labels), 3), drawn(texts, 5)
    given = sentences if texts else None
    scores = answer_scores(config, head, points, np.array([labels]), given, by_text=by_text)
    return {
        "rule": config.decoder.selection,
        "chosen_by_text": by_text,
        "weight": text_weight(config),
        "point_labels": labels,
        "mask_embed": head.mask_embed[0].flatten().tolist(),
        "class_embed": head.class_embed[0].flatten().tolist(),
        "quality": head.quality[0].tolist(),
        "point_mask_features": points[0].flatten().tolist(),
        "sentences": sentences.tolist(),
        "query": int(scores[0].argmax()),
        "score": round(float(scores[0].max()), 4),
    }


if __name__ == "__main__":
    sections = (
        f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]"
        for name, cases in vectors().items()
    )
    VECTORS.write_text("{" + ",\n".join(sections) + "}\n", encoding="utf-8")
