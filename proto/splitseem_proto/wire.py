"""Types of fields on the wire: the Python type, its reader, its writer and its JSON Schema together.

A message that is a dataclass of such fields needs no reader of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints

from splitseem_proto import limits
from splitseem_proto.fields import Plain, Reader, boolean, fixed, integer, number, required, sequence, text


@dataclass(frozen=True)
class OnWire:
    """How a field is read, written and described.

    Attributes:
        schema: JSON Schema of it.
        is_optional: it came later, so it may be absent, and is where its value is the default.
    """

    read: Reader[Any]
    schema: Mapping[str, Any]
    write: Callable[[Any], Any] = lambda value: value
    is_optional: bool = False


def _points(at_least: int) -> OnWire:
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    most = limits.MAX_STROKE_POINTS
    return OnWire(
        sequence(fixed(number, length=2), limit=most),
        {"type": "array", "items": pair, "minItems": at_least, "maxItems": most},
        lambda points_xy: [list(point) for point in points_xy],
    )


XY = tuple[float, float]
REPAIRS = ("fill-holes", "remove-specks", "smooth")
"""What can be done to a mask as a whole."""
EXTENTS = ("smaller", "larger")
"""Which answer to a click is meant, where it is not the first."""
_LABEL = {"type": "integer", "enum": [0, 1]}
_WORDS = {"type": "string", "minLength": 1, "maxLength": limits.MAX_TEXT_BYTES}

Number = Annotated[float, OnWire(number, {"type": "number"})]
Label = Annotated[int, OnWire(integer, _LABEL)]
LaterLabel = Annotated[int, OnWire(integer, _LABEL, is_optional=True)]
Stroke = Annotated[tuple[XY, ...], _points(at_least=1)]
Outline = Annotated[tuple[XY, ...], _points(at_least=3)]
SizeHw = Annotated[
    tuple[int, int],
    OnWire(
        fixed(integer, length=2),
        {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2},
        list,
    ),
]
Counts = Annotated[
    tuple[int, ...],
    OnWire(
        sequence(integer, limit=limits.MAX_RLE_COUNTS),
        {"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": limits.MAX_RLE_COUNTS},
        list,
    ),
]
Method = Annotated[
    str,
    OnWire(text(limits.MAX_NAME_BYTES), {"type": "string", "enum": list(REPAIRS)}),
]
LaterExtent = Annotated[
    str | None,
    OnWire(text(limits.MAX_NAME_BYTES), {"type": "string", "enum": list(EXTENTS)}, is_optional=True),
]
LaterFlag = Annotated[bool, OnWire(boolean, {"type": "boolean"}, is_optional=True)]
Pixels = Annotated[int, OnWire(integer, {"type": "integer", "minimum": 1, "maximum": limits.MAX_MASK_PIXELS})]
Words = Annotated[str, OnWire(text(limits.MAX_TEXT_BYTES), _WORDS)]


Fields = Mapping[str, OnWire]


def wire_fields(kind: type[Any]) -> Fields:
    """The annotated fields of a class, in order."""
    hints = get_type_hints(kind, include_extras=True)
    marks = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return MappingProxyType({name: mark[0] for name, mark in marks.items() if mark})


def write_fields(value: Any, fields: Fields) -> Plain:
    """These fields of an object as plain data."""
    plain: Plain = {}
    for name, on_wire in fields.items():
        field = getattr(value, name)
        if not (on_wire.is_optional and field == getattr(type(value), name)):
            plain[name] = on_wire.write(field)
    return plain


def read_fields(fields: Fields, plain: Plain, where: str) -> Plain:
    """What plain data say of these fields, for the constructor of their class.

    Raises:
        CodecError: a field is absent or of another type.
    """
    return {
        name: required(plain, name, on_wire.read, where)
        for name, on_wire in fields.items()
        if name in plain or not on_wire.is_optional
    }
