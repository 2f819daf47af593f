"""A model with a map of meanings tells the page how its names are compared."""

from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
import pytest
import torch

from splitseem_export.manifest import client_config, write_vocabulary
from splitseem_model.config import TINY, SemanticConfig
from splitseem_model.network import SegmentationModel

pytestmark = pytest.mark.unit


def floats(tensor: dict[str, object]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    shape, data = tensor["shape"], tensor["data"]
    assert isinstance(shape, list)
    assert isinstance(data, bytes)
    return np.frombuffer(data, "<f4").reshape(shape)


def test_names_are_vectors_of_sentences_with_the_way_there(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = SegmentationModel(replace(TINY, semantic=SemanticConfig(channels=4), sentence_dim=6))
    assert model.semantic is not None
    model.semantic.names.normal_()
    assert client_config(model)["semantic"] == {"channels": 4, "sentence_dim": 6}
    written = write_vocabulary(model, tmp_path)
    content = msgpack.unpackb((tmp_path / written["file"]).read_bytes())
    rows, names = floats(content["to_sentence"]), floats(content["class_matrix"])
    meaning = torch.randn(4)
    expected = model.semantic.to_sentence(meaning).detach().numpy()
    np.testing.assert_allclose(rows @ np.append(meaning.numpy(), 1), expected, rtol=1e-5, atol=1e-6)
    own = model.semantic.names.numpy()
    np.testing.assert_allclose(names, own / np.linalg.norm(own, axis=1, keepdims=True), rtol=1e-5)


def test_a_model_without_the_map_names_by_class_embeddings(tmp_path: Path) -> None:
    model = SegmentationModel(TINY)
    assert "semantic" not in client_config(model)
    content = msgpack.unpackb((tmp_path / write_vocabulary(model, tmp_path)["file"]).read_bytes())
    assert list(content) == ["names", "class_matrix"]
    assert floats(content["class_matrix"]).shape == (3, TINY.decoder.class_dim)
