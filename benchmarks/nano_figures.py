"""The figures of the bundled nano: measured on the evaluation sets, kept in results/nano.json, and written
into the pages that state them.

    python -m benchmarks.nano_figures SETS      # a folder with grabcut and coco_mval_120; `--pages-only`
    measures nothing

Each measurement is a run of `splitseem evaluate` with the weights in int8, as browsers have them. A page has
a table between `<!-- figures: NAME -->` and `<!-- end of figures -->`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.marked_places import ROOT, with_figures
from benchmarks.timing import RESULTS

PAGES = (ROOT / "README.md", ROOT / "server/splitseem_model/weights/nano.md")
RESULT = RESULTS / "nano.json"
RUNTIME = ("--runtime", "onnx", "--precision", "int8")
RUNS: Mapping[str, tuple[str, ...]] = {
    "grabcut": ("grabcut",),
    "coco": ("coco_mval_120",),
    "grabcut_box": ("grabcut", "--prompt", "box", "--max-clicks", "5"),
    "coco_box": ("coco_mval_120", "--prompt", "box", "--max-clicks", "5"),
    "scribble": ("grabcut", "--prompt", "scribble", "--max-clicks", "3"),
    "text": ("coco_mval_120", "--prompt", "text", "--max-clicks", "1"),
    "everything": ("coco_mval_120", "--everything"),
    "text_click": ("coco_mval_120", "--prompt", "text+click", "--max-clicks", "5"),
}
"""Name of a measurement -> its set and options."""
Figures = Mapping[str, Mapping[str, Any]]


def main() -> None:
    """Measure, and write results and pages."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", type=Path, nargs="?", help="Folder of the evaluation sets.")
    parser.add_argument("--only", nargs="*", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--pages-only", action="store_true")
    options = parser.parse_args()
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    if not options.pages_only:
        if options.sets is None:
            parser.error("name the folder of the evaluation sets, or give --pages-only")
        for name in options.only:
            known[name] = measured(options.sets, RUNS[name])
            RESULT.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    for page in PAGES:
        page.write_text(with_figures(page.read_text(encoding="utf-8"), known, PARTS), encoding="utf-8")


def measured(sets: Path, run: tuple[str, ...]) -> dict[str, Any]:
    """The document of one run of `splitseem evaluate`."""
    folder, *given = run
    with tempfile.TemporaryDirectory() as made:
        result = Path(made) / "figures.json"
        command = [str(Path(sys.executable).with_name("splitseem")), "evaluate", str(sets / folder), *RUNTIME]
        subprocess.run([*command, *given, "--json", str(result)], check=True)
        document: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return document


def _clicks(figures: Figures) -> str:
    titles = ("set", "NoC@85", "NoC@90", "IoU@1", "IoU@3", "IoU@5", "boundary F, 5 clicks", "obeyed steps")
    rows = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for name, title in (("grabcut", "GrabCut, 50"), ("coco", "COCO_MVal, 120")):
        row = figures[name]
        clicks = " | ".join(f"{row[key]:.2f}" for key in ("noc85", "noc90"))
        shares = " | ".join(f"{row[key]:.3f}" for key in ("iou1", "iou3", "iou5", "boundary5", "obeyed"))
        rows.append(f"| {title} | {clicks} | {shares} |")
    return "\n".join(rows)


def _prompts(figures: Figures) -> str:
    rows = ["| first prompt | set | IoU of it | after 3 | after 5 | command |", "|---|---|---|---|---|---|"]
    for name, title, place in (
        ("grabcut_box", "box", "GrabCut"),
        ("coco_box", "box", "COCO_MVal"),
        ("scribble", "a person's scribble", "GrabCut"),
        ("text", "the name alone", "COCO_MVal"),
        ("text_click", "the name and a click", "COCO_MVal"),
    ):
        if name not in figures:
            continue
        row, command = figures[name], " ".join(RUNS[name][1:])
        most = int(RUNS[name][-1])
        shares = [f"{row[f'iou{count}']:.3f}" if count <= most else "" for count in (1, 3, 5)]
        rows.append(f"| {title} | {place} | {' | '.join(shares)} | `{command}` |")
    return "\n".join(rows)


def _names(figures: Figures) -> str:
    coco = figures["coco"]
    after = f"{coco['label1']:.3f} after one click, {coco['label5']:.3f} after five"
    return f"Label right among the 80 class names of COCO_MVal: {after}."


def _quality(figures: Figures) -> str:
    one, many = figures["grabcut"], figures["coco"]
    clicks = [f"{row[key]:.1f}" for row in (one, many) for key in ("noc85", "noc90")]
    return (
        f"- Quality: {clicks[0]} clicks to an IoU of 85 % and {clicks[1]} to 90 % on GrabCut, {clicks[2]} and"
        f" {clicks[3]} on COCO_MVal;\n  {100 * many['label1']:.0f} % of the objects named rightly after one"
        " click (`python -m benchmarks.nano_figures`)."
    )


def _everything(figures: Figures) -> str:
    if "everything" not in figures:
        return "Not measured yet."
    row = figures["everything"]
    return (
        f"Without a prompt, {row['met70']:.3f} of the objects of COCO_MVal are met at an IoU of 0.7 by"
        f" {row['proposals']:.0f} proposals, at most 100\n(`--everything`)."
    )


PARTS: Mapping[str, Callable[[Figures], str]] = {
    "clicks": _clicks,
    "prompts": _prompts,
    "names": _names,
    "everything": _everything,
    "quality": _quality,
}
"""What stands in a marked place, by its name."""


if __name__ == "__main__":
    main()
