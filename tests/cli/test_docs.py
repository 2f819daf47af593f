"""The page on the command line names every option there is."""

from importlib import import_module
from pathlib import Path

import click
import pytest

from splitseem_cli.main import module_of

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"


@pytest.mark.parametrize(
    "name",
    ["keys", "segment", "panoptic", "embed", "embed-dataset", "evaluate", "models", "convert", "export"],
)
def test_every_option_is_documented(name: str) -> None:
    command: click.Command = import_module(module_of(name)).command
    page = PAGE.read_text(encoding="utf-8")
    options = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
    assert [option for option in options if f"`{option}`" not in page and f"`{option} " not in page] == []
