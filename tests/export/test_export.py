"""Exported graphs equal the torch core, and nothing is written when they do not."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
import pytest
import torch

from splitseem_export.errors import ParityError
from splitseem_export.export import export_decoder, is_current
from splitseem_export.graphs import DecoderGraphs, trace_general_graphs, trace_graphs
from splitseem_export.io_spec import prepare_spec, step_spec
from splitseem_export.runtime import load_onnx_predictor
from splitseem_export.sessions import GraphPair
from splitseem_export.verify import verify
from splitseem_export.verify_general import verify_general
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.config import TINY, SlimPyramidConfig
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_proto import Click


@pytest.fixture(scope="module")
def model() -> SegmentationModel:
    return load_model("tiny")


@pytest.fixture(scope="module")
def graphs(model: SegmentationModel) -> DecoderGraphs:
    return trace_graphs(model.decoder)


def test_every_verification_case_holds(model: SegmentationModel, graphs: DecoderGraphs) -> None:
    reports = verify(model.decoder, GraphPair.of_graphs(graphs))
    assert {
        "one point",
        "many points",
        "positive and negative points",
        "with memory",
        "wide image",
        "box",
    } <= {report.name for report in reports}
    assert all(report.ok for report in reports)


def official_like(wiring: str) -> SegmentationModel:
    """A small model with the rules of the official ones."""
    torch.manual_seed(1)
    config = replace(
        TINY.decoder,
        wiring=wiring,
        num_point_labels=2,
        prompt_position="token",
        point_sampling="corner",
        selection="points",
    )
    return SegmentationModel(replace(TINY, decoder=config)).eval()


@pytest.mark.parametrize("wiring", ["demo", "v0", "v1"])
def test_other_wirings_export_as_well(wiring: str) -> None:
    decoder = official_like(wiring).decoder
    assert all(r.ok for r in verify(decoder, GraphPair.of_graphs(trace_graphs(decoder))))


@pytest.mark.parametrize("wiring", ["demo", "v1", "nano"])
def test_the_general_graphs_take_any_rows(wiring: str) -> None:
    decoder = official_like(wiring).decoder
    reports = verify_general(decoder, GraphPair.of_graphs(trace_general_graphs(decoder)))
    assert {"text", "text and points", "several objects"} <= {report.name for report in reports}


def test_general_graphs_of_another_decoder_are_refused() -> None:
    torch.manual_seed(9)
    other = trace_general_graphs(SegmentationModel(TINY).decoder.eval())
    with pytest.raises(ParityError, match="nothing was written"):
        verify_general(load_model("tiny").decoder, GraphPair.of_graphs(other))


def test_a_decoder_that_differs_writes_nothing(
    model: SegmentationModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(9)
    other = trace_graphs(SegmentationModel(TINY).decoder.eval())
    monkeypatch.setattr("splitseem_export.export.trace_graphs", lambda decoder: other)
    with pytest.raises(ParityError, match="nothing was written"):
        export_decoder(model, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_names_every_file_with_its_digest(model: SegmentationModel, tmp_path: Path) -> None:
    out = tmp_path / "decoder"
    report = export_decoder(model, out)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest == json.loads(json.dumps(report.manifest))
    for entry in [*manifest["graphs"].values(), manifest["vocabulary"]]:
        content = (out / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert len(content) == entry["bytes"]
    assert is_current(model, out)
    assert not is_current(SegmentationModel(TINY), out)


def test_the_manifest_describes_the_graphs(model: SegmentationModel, tmp_path: Path) -> None:
    manifest = export_decoder(model, tmp_path / "decoder").manifest
    described = {t["name"] for t in manifest["graphs"]["step"]["inputs"]}
    assert described <= {t.name for t in step_spec(TINY.decoder).inputs}
    assert [t["name"] for t in manifest["graphs"]["prepare"]["outputs"]] == [
        t.name for t in prepare_spec(TINY.decoder).outputs
    ]
    assert manifest["wiring"]["sees"] == {"spatial": ["memory", "point", "spatial"], "memory": ["memory"]}


def test_levels_of_different_widths_are_exported(tmp_path: Path) -> None:
    torch.manual_seed(2)
    pyramid = replace(SlimPyramidConfig(), mask_width=16)
    decoder = replace(TINY.decoder, mask_dim=5, level_dims=(12, 10, 8))
    model = SegmentationModel(replace(TINY, pixel_decoder=pyramid, decoder=decoder)).eval()
    manifest = export_decoder(model, tmp_path / "decoder").manifest
    channels = {t["name"]: t["shape"][1] for t in manifest["graphs"]["prepare"]["inputs"]}
    assert channels == {"level0": 12, "level1": 10, "level2": 8, "mask_features": 5}
    assert manifest["config"]["level_dims"] == [12, 10, 8]


def test_a_model_that_takes_texts_has_the_general_graphs(tmp_path: Path) -> None:
    torch.manual_seed(2)
    out = tmp_path / "decoder"
    manifest = export_decoder(SegmentationModel(replace(TINY, sentence_dim=6)).eval(), out).manifest
    assert {"general_prepare", "general_step"} <= manifest["graphs"].keys()
    described = {t["name"] for t in manifest["graphs"]["general_step"]["inputs"]}
    assert {"text_tokens", "query_index", "previous_mask"} <= described
    assert manifest["config"]["text"] == {"weight": 5.0}
    assert manifest["parity"]["general_cases"]
    assert manifest["text_wirings"]["alone"] == {
        "name": "nano",
        "rows": [
            {"name": "spatial", "count": 4},
            {"name": "memory", "count": 8},
            {"name": "text", "count": None},
        ],
        "keys": ["point"],
        "sees": {
            "spatial": ["memory", "point", "spatial", "text"],
            "memory": ["memory"],
            "text": ["spatial", "text"],
        },
        "answering": "spatial",
        "chosen_by": "text",
    }


def test_a_model_without_text_has_the_click_graphs_only(model: SegmentationModel, tmp_path: Path) -> None:
    manifest = export_decoder(model, tmp_path / "decoder").manifest
    assert manifest["graphs"].keys() == {"prepare", "step", "look", "refine"}
    assert "text_wirings" not in manifest
    assert "text" not in manifest["config"]


def test_the_vocabulary_file_holds_unit_rows(model: SegmentationModel, tmp_path: Path) -> None:
    out = tmp_path / "decoder"
    manifest = export_decoder(model, out).manifest
    content = msgpack.unpackb((out / manifest["vocabulary"]["file"]).read_bytes())
    matrix = np.frombuffer(content["class_matrix"]["data"], "<f4").reshape(content["class_matrix"]["shape"])
    assert content["names"] == list(TINY.vocabulary)
    np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-5)


def test_exporting_twice_gives_the_same_bytes(model: SegmentationModel, graphs: DecoderGraphs) -> None:
    assert trace_graphs(model.decoder).step == graphs.step


def test_the_predictor_answers_the_same_in_onnx_runtime() -> None:
    photo = np.random.default_rng(0).integers(0, 255, (61, 97, 3), dtype=np.uint8)
    clicks = [Click(30.5, 20.5), Click(80.5, 50.5, 0)]
    answers = []
    for predictor in (Predictor.load("tiny"), load_onnx_predictor("tiny")):
        image = predictor.encode(photo)
        first = predictor.step(image, clicks[:1])
        answers.append(predictor.step(image, clicks, first.memory).mask_logits)
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)
