"""Milliseconds, GFLOP and GFLOP/s of every decoder graph on one thread, by image size: in ONNX Runtime and in
onnxruntime-web's WebAssembly under node. `--operators` adds where the native time goes.

`sent_mb` is what the service sends of a file, by zstd. Of the graphs for lateral maps, `mask_source` and
`mask_features` are run for 32 channels.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from graph_flops import GraphCase, fed, graph_cases, lateral_cases, model_for_benchmark, profile
from timing import milliseconds, write_result

from splitseem_export.precision import PRECISION_OF_PROVIDER, PRECISIONS, stored
from splitseem_model.step.graph_runtime import session
from splitseem_server.files.coded import CODINGS

_RUNNER = Path(__file__).with_name("decoder_wasm.mjs")


def native_ms(case: GraphCase, repeats: int) -> float:
    """Median of runs in ONNX Runtime on the CPU."""
    opened = session(case.graph)
    return milliseconds(partial(opened.run, None, fed(opened, case.feed)), repeats)["median_ms"]


def wasm_times(
    cases: Mapping[str, GraphCase], repeats: int, options: Mapping[str, object] | None = None
) -> dict[str, dict[str, float]]:
    """Case -> `session_ms`, `median_ms` and `min_ms` under node; the cases take turns.

    Args:
        options: session options of onnxruntime-web that differ from the client's.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        graphs = [_job(folder, str(i), *item, options or {}) for i, item in enumerate(cases.items())]
        job, result = folder / "job.json", folder / "result.json"
        job.write_text(json.dumps({"graphs": graphs, "repeats": repeats}), encoding="utf-8")
        subprocess.run(["node", str(_RUNNER), str(job), str(result)], check=True)
        rows = json.loads(result.read_text(encoding="utf-8"))
    return {row.pop("name"): row for row in rows}


def _job(
    folder: Path, stem: str, name: str, case: GraphCase, options: Mapping[str, object]
) -> dict[str, Any]:
    graph = folder / f"{stem}.onnx"
    graph.write_bytes(case.graph)
    inputs = {}
    for i, (key, array) in enumerate(fed(session(case.graph), case.feed).items()):
        data = folder / f"{stem}.{i}.bin"
        data.write_bytes(array.tobytes())
        inputs[key] = {"dtype": str(array.dtype), "dims": list(array.shape), "data": str(data)}
    return {"name": name, "file": str(graph), "inputs": inputs, "options": dict(options)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nano", help="A preset, or a file of weights.")
    parser.add_argument("--canvas", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--precision", choices=list(PRECISIONS), default=PRECISION_OF_PROVIDER["wasm"])
    parser.add_argument("--operators", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = model_for_benchmark(options.model)
    rows = []
    for canvas in options.canvas:
        cases = {
            name: GraphCase(stored(case.graph, options.precision), case.feed)
            for name, case in (graph_cases(model, canvas) | lateral_cases(model, canvas)).items()
        }
        wasm = wasm_times(cases, options.repeats)
        for name, case in cases.items():
            measured = profile(case)
            milliseconds_wasm = wasm[name]["median_ms"]
            row = {
                "graph": name,
                "canvas": canvas,
                "mb": round(len(case.graph) / 1e6, 2),
                "sent_mb": round(len(CODINGS["zstd"](case.graph)) / 1e6, 2),
                "gflop": round(measured.flop / 1e9, 3),
                "native_ms": native_ms(case, options.repeats),
                "wasm_ms": milliseconds_wasm,
                "wasm_gflops": round(measured.flop / 1e6 / milliseconds_wasm, 1),
                "wasm_session_ms": wasm[name]["session_ms"],
            }
            if options.operators:
                top = list(measured.milliseconds.items())[:8]
                row["native_operators"] = " ".join(f"{op}:{ms:.2f}" for op, ms in top)
            rows.append(row)
    write_result(f"decoder_graphs_{Path(options.model).stem}", rows)


if __name__ == "__main__":
    main()
