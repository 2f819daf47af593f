"""Typed reading of plain data: each function returns the value of a field or raises a `CodecError`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from splitseem_proto.errors import (
    InvalidValue,
    LimitExceeded,
    MessageError,
    MissingField,
    NonFinite,
    UnknownName,
    WrongType,
)

T = TypeVar("T")
Plain = dict[str, Any]
Reader = Callable[[Any, str], T]


def mapping(value: object, where: str) -> Plain:
    """A map with string keys."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise WrongType(f"{where}: expected a map, got {_type_name(value)}")
    return value


def required(plain: Plain, name: str, read: Reader[T], where: str) -> T:
    """The field of that name, through `read`."""
    if name not in plain:
        raise MissingField(f"{where}: field {name!r} is missing")
    return read(plain[name], f"{where}.{name}")


def nullable(read: Reader[T]) -> Reader[T | None]:
    """A reader that also takes null."""
    return lambda value, where: None if value is None else read(value, where)


def integer(value: object, where: str) -> int:
    """An integer; neither a float nor a boolean."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongType(f"{where}: expected an integer, got {_type_name(value)}")
    return value


def boolean(value: object, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise WrongType(f"{where}: expected a boolean, got {_type_name(value)}")
    return value


def number(value: object, where: str) -> float:
    """A finite number, integer or float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongType(f"{where}: expected a number, got {_type_name(value)}")
    if not math.isfinite(value):
        raise NonFinite(f"{where}: expected a finite number, got {value}")
    return float(value)


def text(limit: int) -> Reader[str]:
    """A reader of strings of at most `limit` bytes of UTF-8."""

    def read(value: object, where: str) -> str:
        if not isinstance(value, str):
            raise WrongType(f"{where}: expected a string, got {_type_name(value)}")
        try:
            size = len(value.encode())
        except UnicodeEncodeError as error:
            raise InvalidValue(f"{where}: not valid Unicode: {error}") from error
        if size > limit:
            raise LimitExceeded(f"{where}: {size} bytes, at most {limit} are allowed")
        return value

    return read


def binary(value: object, where: str) -> bytes:
    """Binary data."""
    if not isinstance(value, bytes):
        raise WrongType(f"{where}: expected binary data, got {_type_name(value)}")
    return value


def sequence(read: Reader[T], *, limit: int) -> Reader[tuple[T, ...]]:
    """A reader of arrays of at most `limit` items, each through `read`."""

    def read_all(value: object, where: str) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            raise WrongType(f"{where}: expected an array, got {_type_name(value)}")
        if len(value) > limit:
            raise LimitExceeded(f"{where}: {len(value)} items, at most {limit} are allowed")
        return tuple(read(item, f"{where}[{index}]") for index, item in enumerate(value))

    return read_all


def fixed(read: Reader[T], *, length: int) -> Reader[tuple[T, ...]]:
    """A reader of arrays of exactly `length` items, each through `read`."""

    def read_all(value: object, where: str) -> tuple[T, ...]:
        if not isinstance(value, list | tuple) or len(value) != length:
            raise WrongType(f"{where}: expected an array of {length}, got {_type_name(value)}")
        return tuple(read(item, f"{where}[{index}]") for index, item in enumerate(value))

    return read_all


def known(name: str, names: Mapping[str, object], where: str) -> str:
    """The name, when it is one of `names`."""
    if name not in names:
        raise UnknownName(f"{where}: unknown name {name!r}; known are {', '.join(names)}")
    return name


def build(make: Callable[[], T], where: str) -> T:
    """What `make` returns; a `MessageError` of its constructor becomes `InvalidValue`."""
    try:
        return make()
    except MessageError as error:
        raise InvalidValue(f"{where}: {error}") from error


def _type_name(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"an array of {len(value)}"
    return "null" if value is None else type(value).__name__
