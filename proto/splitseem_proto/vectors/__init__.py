"""Golden files of the wire format: `python -m splitseem_proto.vectors` writes them to `proto/vectors`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from splitseem_proto.codec import pack, unpack
from splitseem_proto.fields import Plain
from splitseem_proto.messages import Embedding
from splitseem_proto.plain import to_plain
from splitseem_proto.quantize import decode_tensor
from splitseem_proto.vectors.faults import invalid_cases
from splitseem_proto.vectors.geometry import geometry_cases
from splitseem_proto.vectors.messages import raw_valid_cases, valid_messages

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def build_vectors() -> dict[str, bytes]:
    """Content of every file by its path below `proto/vectors`."""
    valid = {name: pack(message) for name, message in valid_messages().items()} | raw_valid_cases()
    invalid = invalid_cases()
    index = {
        "valid": {
            name: {"file": f"valid/{name}.msgpack", "content": _content(valid[name])} for name in valid
        },
        "invalid": {
            name: {"file": f"invalid/{name}.msgpack", "refusal": refusal}
            for name, (refusal, _) in invalid.items()
        },
    }
    files = {f"valid/{name}.msgpack": data for name, data in valid.items()}
    files |= {f"invalid/{name}.msgpack": data for name, (_, data) in invalid.items()}
    files["index.json"] = _json(index)
    files["geometry.json"] = _json(geometry_cases())
    return files


def write_vectors(folder: Path) -> None:
    """Write all files below `folder` and remove msgpack files that are no longer made."""
    files = build_vectors()
    for stale in folder.glob("*/*.msgpack"):
        if f"{stale.parent.name}/{stale.name}" not in files:
            stale.unlink()
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def _content(data: bytes) -> Plain:
    message = unpack(data)
    plain = to_plain(message)
    if isinstance(message, Embedding):
        plain["tensors"] = [
            {
                "name": tensor.name,
                "dtype": tensor.dtype,
                "shape": list(tensor.array.shape),
                "values": decode_tensor(tensor).ravel().tolist(),
            }
            for tensor in message.tensors
        ]
    return plain


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
