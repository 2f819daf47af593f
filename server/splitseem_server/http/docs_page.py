"""OpenAPI -> one page of HTML without scripts, so that it works offline and on an isolated origin."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}"
    "code,h2{font-family:ui-monospace,monospace}h2{font-size:1.1rem;margin:2rem 0 .3rem}"
    "td{padding:.1rem 1rem .1rem 0;vertical-align:top}p{white-space:pre-line;margin:.3rem 0}"
)


def docs_page(openapi: dict[str, Any]) -> str:
    """The page for an OpenAPI document."""
    title = escape(f"{openapi['info']['title']} {openapi['info']['version']}")
    operations = "".join(_operations(openapi))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f'<h1>{title}</h1><p>For machines: <a href="openapi.json">openapi.json</a></p>{operations}</html>\n'
    )


def _operations(openapi: dict[str, Any]) -> Iterator[str]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            yield f"<h2>{escape(method.upper())} {escape(path)}</h2>"
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            yield f"<table>{''.join(_rows(operation))}</table>"


def _rows(operation: dict[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        name = f"{parameter['name']} ({parameter['in']})"
        yield _row(name, parameter.get("description", ""))
    for status, response in operation["responses"].items():
        yield _row(status, response["description"])


def _row(name: str, text: str) -> str:
    return f"<tr><td><code>{escape(name)}</code></td><td>{escape(text)}</td></tr>"
