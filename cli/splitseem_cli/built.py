"""The built page and the decoder graphs: those of this checkout, else those of the installed package."""

from __future__ import annotations

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]
_INSTALLED = Path(__file__).resolve().parent / "built"


def page_folder() -> Path:
    """The built page. Of a package that came without it, the folder is not there."""
    return _there(_CHECKOUT / "client" / "dist", _INSTALLED / "page")


def decoder_folder(model: str) -> Path:
    """The graphs of a model. If they are nowhere, the folder in which an export of the checkout puts them."""
    return _there(_CHECKOUT / "build" / "decoder" / model, _INSTALLED / "decoder" / model)


def _there(first: Path, second: Path) -> Path:
    return second if second.is_dir() and not first.is_dir() else first
