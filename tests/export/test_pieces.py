"""`prepare` in pieces gives what `prepare` gives."""

from pathlib import Path

import numpy as np
import pytest

from splitseem_export.errors import ParityError
from splitseem_export.export import export_decoder
from splitseem_export.graphs import DecoderGraphs, trace_graphs
from splitseem_export.pieces import output_groups, prepare_pieces, verify_pieces
from splitseem_export.verify import random_features
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.network import SegmentationModel
from splitseem_model.step.graph_runtime import Arrays
from splitseem_server.files.decoder import load_decoder_files

LAYERS = 3


@pytest.fixture(scope="module")
def model() -> SegmentationModel:
    return load_model("tiny")


@pytest.fixture(scope="module")
def graphs(model: SegmentationModel) -> DecoderGraphs:
    return trace_graphs(model.decoder)


def feed_of(model: SegmentationModel) -> Arrays:
    levels, mask_features = random_features(model.decoder, (2, 3), seed=1)
    maps = {f"level{i}": level.numpy() for i, level in enumerate(levels)}
    return {**maps, "mask_features": mask_features.numpy()}


def test_every_output_is_in_one_piece() -> None:
    names = [name for group in output_groups(6) for name in group]
    assert len(names) == len(set(names)) == 6 + 6 + 3 + 1
    assert output_groups(6)[0] == [
        "level_mask_features0", "query_state", "key0", "value0", "key3", "value3"
    ]  # fmt: skip


def test_pieces_together_give_what_the_whole_gives(model: SegmentationModel, graphs: DecoderGraphs) -> None:
    verify_pieces(graphs.prepare, prepare_pieces(graphs.prepare, graphs.prepare_spec, LAYERS), feed_of(model))


def test_a_missing_piece_is_noticed(model: SegmentationModel, graphs: DecoderGraphs) -> None:
    pieces = prepare_pieces(graphs.prepare, graphs.prepare_spec, LAYERS)
    with pytest.raises(ParityError, match="disagree, nothing was written: value2"):
        verify_pieces(graphs.prepare, pieces[:-1], feed_of(model))


def test_a_piece_takes_the_maps_of_its_level(graphs: DecoderGraphs) -> None:
    inputs = [
        [tensor.name for tensor in spec.inputs]
        for _, spec in prepare_pieces(graphs.prepare, graphs.prepare_spec, LAYERS)
    ]
    assert inputs == [
        ["level0", "mask_features"],
        ["level1", "mask_features"],
        ["level2", "mask_features"],
        ["level2"],
    ]


def test_the_manifest_names_the_pieces_and_the_server_has_them(
    model: SegmentationModel, tmp_path: Path
) -> None:
    out = tmp_path / "decoder"
    pieces = export_decoder(model, out).manifest["graphs"]["prepare"]["pieces"]
    assert [tensor["name"] for tensor in pieces[-1]["outputs"]] == ["value2"]
    assert {piece["file"] for piece in pieces} <= load_decoder_files(out).files.keys()
    assert np.sum([piece["bytes"] for piece in pieces]) > 0
