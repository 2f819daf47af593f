"""Options of a request, wherever they stand: nothing unknown and nothing given twice is passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.dependencies.models import Dependant

from splitseem_server.errors import InvalidParameter

_SHOWN_CHARACTERS = 64


async def refuse_unknown(request: Request) -> None:
    """Holds for every route: its query has no parameter that it does not document, and none twice.

    Raises:
        InvalidParameter: it has.
    """
    if not request.scope["query_string"]:
        return
    dependant: Dependant = request.scope["route"].dependant
    known = sorted(_query_names(dependant))
    names = [name for name, _ in request.query_params.multi_items()]
    _check(names, known, "parameter")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidParameter(f"the parameter {twice[0]} is given twice")


def joined(request: Request, fields: Mapping[str, str], known: Sequence[str]) -> dict[str, str]:
    """The options of a request: its query, and the fields beside the image in its body.

    Raises:
        InvalidParameter: a field is unknown, or is in the query too.
    """
    _check(list(fields), known, "field")
    query = dict(request.query_params)
    both = sorted(fields.keys() & query.keys())
    if both:
        raise InvalidParameter(f"{both[0]} is given in the query and in the body; give it once")
    return {**query, **fields}


def whole_number(name: str, text: str) -> int:
    """A number of at least 1.

    Raises:
        InvalidParameter: something else.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) >= 1):
        raise InvalidParameter(f"{name} {text[:_SHOWN_CHARACTERS]!r}; expected a whole number, at least 1")
    return int(text)


def _check(names: Sequence[str], known: Sequence[str], what: str) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        shown = ", ".join(name[:_SHOWN_CHARACTERS] for name in unknown[:5])
        allowed = f"known are {', '.join(known)}" if known else "none is known here"
        raise InvalidParameter(f"unknown {what} {shown}; {allowed}")


def _query_names(dependant: Dependant) -> set[str]:
    names = {parameter.alias for parameter in dependant.query_params}
    return names.union(*map(_query_names, dependant.dependencies))
