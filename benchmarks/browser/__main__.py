"""The decoder in headless Chromium beside SAM's, in turns in the same worker: `make bench-browser`.

Times the graphs of nano, its whole click as the page runs it, an official decoder with drawn weights, and
SAM's prompt encoder and mask decoder, with the WebAssembly runtime that the page uses; then the real page,
from the pointer to the pixel. Prints tables and writes benchmarks/results/browser.json.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from benchmarks.browser.report import Measured, Row, rows_of, table, verdicts
from benchmarks.timing import RESULTS, machine

if TYPE_CHECKING:
    from benchmarks.browser.contenders import Contender

REPOSITORY = Path(__file__).parents[2]
ROOT = REPOSITORY / "build"
FOLDER = ROOT / "bench"
SCRIPTS = REPOSITORY / "client/scripts"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
MODELS = ("nano", "official")


class MissingTool(Exception):
    """Something that the benchmark needs is not installed; the message says how to get it."""


def main() -> None:
    options = _arguments()
    torch.set_num_threads(1)
    try:
        environment = {**os.environ, "CHROMIUM": _chromium()}
        _check_tools()
    except MissingTool as error:
        sys.exit(f"bench-browser: {error}")
    from benchmarks.browser.contenders import StaleDecoder, contenders

    FOLDER.mkdir(parents=True, exist_ok=True)
    official = options.official_sizes if "official" in options.models else []
    sizes = options.sizes if "nano" in options.models else []
    try:
        taking_part = list(contenders(ROOT, ROOT / "decoder/nano", sizes, official))
    except StaleDecoder as error:
        sys.exit(f"bench-browser: {error}")
    _build_page()
    found = _node(
        "benchBrowser.js", [ROOT, _written("plans.json", _plans(taking_part, options))], environment
    )
    rows = [row for outcome in found["outcomes"] for row in _reported(outcome, taking_part)]
    print("", *verdicts(rows), sep="\n")
    pointer = None if options.no_pointer else _pointer_to_pixel(options.clicks, environment)
    result = {
        "machine": machine() | {"threads": sorted({row.threads for row in rows})},
        "browser": found["browser"],
        "rows": [asdict(row) for row in rows],
        "pointer_to_pixel": pointer,
    }
    if options.quick:
        return  # too few rounds to be published
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "browser.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _plans(taking_part: Sequence["Contender"], options: argparse.Namespace) -> list[dict[str, Any]]:
    """What the page is to do, by the number of threads."""
    return [
        {
            "contenders": [contender.to_dict() for contender in taking_part],
            "threads": threads,
            "rounds": options.rounds,
            "seconds": options.seconds,
        }
        for threads in options.threads
    ]


def _reported(outcome: dict[str, Any], taking_part: Sequence["Contender"]) -> Sequence[Row]:
    """The rows of one number of threads, printed; ends the benchmark where the page failed."""
    if outcome["error"] is not None:
        sys.exit(f"bench-browser: the page failed: {outcome['error']}")
    measured = [
        Measured(c.name, c.canvas, samples, c.flops, c.matmul_flops)
        for c, samples in zip(taking_part, outcome["samples"], strict=True)
    ]
    rows = rows_of(measured, outcome["threads"])
    print(f"\n{outcome['threads']} thread(s), {len(measured[0].samples['run'])} rounds\n\n{table(rows)}")
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser", description=__doc__)
    cores = os.cpu_count() or 1
    parser.add_argument("--rounds", type=int, default=15, help="every contender runs once in each")
    parser.add_argument("--seconds", type=float, default=240, help="no round begins later, by thread count")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024], help="canvases of nano")
    parser.add_argument("--official-sizes", type=int, nargs="+", default=[512])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, help="beside SAM")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, cores}))
    parser.add_argument("--clicks", type=int, default=12, help="on the real page")
    parser.add_argument("--no-pointer", action="store_true", help="leave the real page out")
    parser.add_argument("--quick", action="store_true", help="nano at 512, one thread; nothing is written")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.models, options.sizes, options.threads = 5, ("nano",), [512], [1]
        options.clicks = 5
    return options


def _chromium() -> str:
    given = os.environ.get("CHROMIUM")
    found = given or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        raise MissingTool("no Chromium on PATH: run `make tools`, or set CHROMIUM")
    return found


def _check_tools() -> None:
    if importlib.util.find_spec("transformers") is None:
        raise MissingTool(
            "transformers, which SAM comes from, is not installed:"
            " .venv/bin/pip install -c constraints.txt -e '.[bench]'"
        )
    for path, made_by in ((REPOSITORY / "client/node_modules", "setup"), (ROOT / "decoder/nano", "setup")):
        if not path.exists():
            raise MissingTool(f"no {path.relative_to(REPOSITORY)}: run `make {made_by}`")


def _build_page() -> None:
    command = ["npx", "vite", "build", "--config", "bench/vite.config.ts", "--logLevel", "warn"]
    subprocess.run(command, cwd=REPOSITORY / "client", check=True)


def _written(name: str, value: object) -> Path:
    path = FOLDER / name
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def _node(script: str, arguments: Sequence[object], environment: dict[str, str]) -> Any:
    """Run one of the client's scripts, whose last argument is where it writes its result."""
    out = FOLDER / "outcome.json"
    command = ["node", SCRIPTS / script, *arguments, out]
    subprocess.run(list(map(str, command)), env=environment, check=True)
    return json.loads(out.read_text(encoding="utf-8"))


def _pointer_to_pixel(clicks: int, environment: dict[str, str]) -> Any:
    found = _node("pointerToPixel.js", [clicks], environment)
    print("\nThe page, from the pointer to the pixel, milliseconds, medians:")
    print(", ".join(f"{name} {value:.1f}" for name, value in found["medians"].items()))
    return found


if __name__ == "__main__":
    main()
