"""The precision of exported graphs as an option of commands that load a model."""

import pytest

from splitseem_cli.failures import Refused
from splitseem_cli.options.model import ModelOptions

pytestmark = pytest.mark.unit


def test_a_precision_without_exported_graphs_is_refused() -> None:
    with pytest.raises(Refused, match="add --runtime onnx"):
        ModelOptions("tiny", None, "torch", None, None, precision="int8").load()


def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match="known: float32, float16, int8"):
        ModelOptions("tiny", None, "onnx", None, None, precision="int3").load()
