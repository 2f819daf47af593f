"""The OpenAPI document says what this server takes and gives, not what FastAPI guesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from starlette.responses import Response

from splitseem_server.http.negotiation import JSON

Plain = dict[str, Any]


def answers(*media_types: str, known: bool = False, schema: Plain | None = None) -> dict[str, Any]:
    """What a route answers when all is well, as arguments of its decorator.

    Args:
        media_types: of a body with status 200.
        known: whether the answer may be that the caller has it already.
        schema: of JSON.
    """
    content = {name: {"schema": schema} if name == JSON and schema else {} for name in media_types}
    described: dict[int | str, Plain] = {200: {"content": content}}
    if known:
        described[304] = {"description": "`If-None-Match` names it"}
    return {"response_class": Response, "responses": described}


def with_schemas(document: Plain, schemas: Mapping[str, Plain], components: Mapping[str, Plain]) -> Plain:
    """The document, in which what has one of these names, in a query or a body, has that schema."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = schemas.get(parameter["name"], parameter["schema"])
            for content in operation.get("requestBody", {"content": {}})["content"].values():
                properties = content["schema"].get("properties", {})
                properties |= {name: schemas[name] for name in properties if not properties[name]}
    document.setdefault("components", {}).setdefault("schemas", {}).update(components)
    return document


def named_schemas(adapter: TypeAdapter[Any], name: str) -> dict[str, Plain]:
    """The schema of a type under a name, and those that it refers to."""
    schema = adapter.json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), name: schema}
