"""What JSON answers hold, for the OpenAPI document. `tests/server/test_openapi.py` holds them to it."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_KEY: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_SIZE: Schema = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(fields: Schema, **optional: Schema) -> Schema:
    """An object with these fields, maybe with the optional ones, and no others."""
    return {
        "type": "object",
        "properties": {**fields, **optional},
        "required": list(fields),
        "additionalProperties": False,
    }


_MODEL = {"model": _TEXT, "fingerprint": _TEXT}
_MASK = _object({"size": _SIZE, "counts": _listed(_COUNT)})
_MEMORY = _object(
    {"prompts": {"type": "integer", "minimum": 1}, "shape": _SIZE, "float32_base64": _TEXT},
)
_PROMPT: Schema = {"$ref": "#/components/schemas/PromptItem"}
_DECODED_OBJECT = {
    "mask": _MASK,
    "area": _COUNT,
    "label": _or_null(_TEXT),
    "label_score": _or_null(_NUMBER),
    "score": _NUMBER,
    "class_embed": _listed(_NUMBER),
    "memory": _or_null(_MEMORY),
}
_EXTENT = _or_null({"enum": ["smaller", "larger"]})

ALIVE = _object({"status": {"const": "ok"}})
READY = _object(
    {
        "status": {"enum": ["ready", "degraded"]},
        **_MODEL,
        "cache": _object(
            {
                "kind": {"enum": ["memory", "redis"]},
                "reachable": {"type": "boolean"},
                "faults": _COUNT,
                "refused": _or_null(_TEXT),
            }
        ),
        "waiting": _COUNT,
    }
)
EMBEDDED = _object(
    {
        "key": _KEY,
        "link": _TEXT,
        **_MODEL,
        "codec": _TEXT,
        "bytes": _COUNT,
        "geometry": _object(
            {
                "original_hw": _SIZE,
                "roi_xywh": {"type": "array", "items": _COUNT, "minItems": 4, "maxItems": 4},
                "input_hw": _SIZE,
                "padded_hw": _SIZE,
            }
        ),
        "tensors": _listed(_object({"name": _TEXT, "dtype": _TEXT, "shape": _listed(_COUNT)})),
    }
)
DECODED = _object(
    {
        **_MODEL,
        "key": _KEY,
        "size": _SIZE,
        "objects": _listed(
            _object(
                _DECODED_OBJECT,
                prompts=_listed(_PROMPT),
                alternatives=_listed(_object({"extent": _EXTENT, **_DECODED_OBJECT})),
            )
        ),
    }
)
SEGMENTED = _object(
    {
        **_MODEL,
        "key": _KEY,
        "mode": _TEXT,
        "size": _SIZE,
        "segments": _listed(
            _object(
                {
                    "id": {"type": "integer", "minimum": 1},
                    "category": _COUNT,
                    "label": _TEXT,
                    "thing": {"type": "boolean"},
                    "score": _or_null(_NUMBER),
                    "area": _COUNT,
                    "mask": _MASK,
                }
            )
        ),
    }
)
TEXTS = _object(
    _MODEL,
    texts=_listed(
        _object({"text": _TEXT, "tokens": _listed(_listed(_NUMBER)), "sentence": _listed(_NUMBER)})
    ),
    vocabulary=_object({"names": _listed(_TEXT), "class_matrix": _listed(_listed(_NUMBER))}),
)
MANIFEST: Schema = {
    "type": "object",
    "properties": {"fingerprint": _TEXT, "graphs": {"type": "object"}},
    "required": ["fingerprint", "graphs"],
}
"""Its other fields are in docs/decoder-graphs.md."""

PROBLEM = _object({"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT})
