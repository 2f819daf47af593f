"""A model -> a folder with decoder graphs, vocabulary and manifest; verified first, written last."""

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitseem_export.graphs import trace_general_graphs, trace_graphs
from splitseem_export.manifest import MANIFEST_FORMAT, VerifiedGraphs, make_manifest, versions
from splitseem_export.refiner_graphs import trace_refiner
from splitseem_export.runtime import OnnxRefiner
from splitseem_export.sessions import GraphPair
from splitseem_export.verify import CaseReport, verify, verify_refiner
from splitseem_export.verify_general import verify_general
from splitseem_model.segmentation import SegmentationModel
from splitseem_model.weights import fingerprint

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how far the graphs of `prepare` and `step` are from the torch core."""

    manifest: dict[str, Any]
    cases: list[CaseReport]


def export_decoder(model: SegmentationModel, out: Path) -> ExportReport:
    """Export a model's decoder into `out`, replacing what an earlier export left there.

    Returns:
        the manifest and the parity report.
    Raises:
        ParityError: graphs and core disagree; `out` is untouched.
    """
    graphs = trace_graphs(model.decoder)
    cases = verify(model.decoder, GraphPair.of_graphs(graphs))
    click = VerifiedGraphs(
        "cases",
        {"prepare": (graphs.prepare, graphs.prepare_spec), "step": (graphs.step, graphs.step_spec)},
        [case.to_dict() for case in cases],
    )
    parts = [click, *_general_graphs(model), *_refiner_graphs(model)]
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        manifest = make_manifest(model, parts, partial)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return ExportReport(manifest, cases)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an earlier export, or None when there is none that can be read."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if manifest.get("format") == MANIFEST_FORMAT else None


def is_current(model: SegmentationModel, folder: Path) -> bool:
    """Whether `folder` holds an export of exactly this model, made by these versions, with all its files."""
    manifest = read_manifest(folder)
    if manifest is None or manifest["fingerprint"] != fingerprint(model) or manifest["made_by"] != versions():
        return False
    files = [*manifest["graphs"].values(), manifest["vocabulary"]]
    return all((folder / entry["file"]).is_file() for entry in files)


def _general_graphs(model: SegmentationModel) -> list[VerifiedGraphs]:
    """Only for models that take texts: these are what needs other rows than a click."""
    if not model.config.takes_text:
        return []
    graphs = trace_general_graphs(model.decoder)
    reports = verify_general(model.decoder, GraphPair.of_graphs(graphs))
    named = {
        "general_prepare": (graphs.prepare, graphs.prepare_spec),
        "general_step": (graphs.step, graphs.step_spec),
    }
    return [VerifiedGraphs("general_cases", named, [report.to_dict() for report in reports])]


def _refiner_graphs(model: SegmentationModel) -> list[VerifiedGraphs]:
    if model.refiner is None:
        return []
    graphs = trace_refiner(model.refiner)
    cases = verify_refiner(model.refiner, OnnxRefiner.of_graphs(graphs))
    named = {"look": (graphs.look, graphs.look_spec), "refine": (graphs.refine, graphs.refine_spec)}
    return [VerifiedGraphs("refiner_cases", named, cases)]
