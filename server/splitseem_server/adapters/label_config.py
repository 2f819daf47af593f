"""The labelling configuration of a Label Studio project: where brush strokes go, where the picture is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from splitseem_server.errors import InvalidParameter

MOST_CHARACTERS = 2**18


@dataclass(frozen=True)
class BrushTarget:
    """Names of the tags `BrushLabels` and `Image`, and the field of a task's data that has the picture."""

    from_name: str
    to_name: str
    field: str


def brush_target(text: str) -> BrushTarget:
    """The first `BrushLabels` of a configuration, and the `Image` that it marks.

    Raises:
        InvalidParameter: no XML, or it lacks one of them.
    """
    tags = _tags(text)
    brushes = [attributes for tag, attributes in tags if tag == "BrushLabels" and attributes.get("name")]
    images = {attributes.get("name"): attributes for tag, attributes in tags if tag == "Image"}
    for brush in brushes:
        image = images.get(brush.get("toName"))
        if image is not None and image.get("value", "").startswith("$"):
            return BrushTarget(brush["name"], brush["toName"], image["value"][1:])
    raise InvalidParameter(
        'label_config: expected `<BrushLabels name=… toName=…>` and the `<Image name=… value="$…">` it marks'
    )


def _tags(text: str) -> list[tuple[str, Mapping[str, str]]]:
    """Every tag with its attributes; entities are refused before any is looked up."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidParameter(f"label_config: {len(text)} characters, at most {MOST_CHARACTERS} are read")
    found: list[tuple[str, Mapping[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: found.append((tag, attributes))
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise InvalidParameter(f"label_config is no XML: {error}") from error
    except UnicodeEncodeError as error:
        raise InvalidParameter("label_config has half of a surrogate pair") from error
    return found


def _refuse_entity(*_declared: object) -> None:
    raise InvalidParameter("label_config declares entities, which are not read")
