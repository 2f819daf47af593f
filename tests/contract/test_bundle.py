"""What a newcomer's browser fetches of the page's own code before the first mask."""

import gzip
import re
from pathlib import Path

DIST = Path(__file__).parents[2] / "client" / "dist"
MOST_BYTES = 150_000
"""Compressed by gzip, without WebAssembly and the files of the model."""

_STATIC = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")
_WORKER = re.compile(r"""main-[\w-]+\.js""")


def first_files() -> set[Path]:
    """The page, its styles, what it imports at once, its worker, and the loader of ONNX Runtime."""
    html = DIST / "index.html"
    assets = DIST / "assets"
    found = {
        DIST / name
        for name in re.findall(r'(?:src|href)="\./(assets/[^"]+\.(?:js|css))"', html.read_text("utf-8"))
    }
    (loader,) = [path for path in assets.glob("ort-wasm-simd-threaded-*.mjs")]
    waiting = [path for path in found if path.suffix == ".js"]
    while waiting:
        text = waiting.pop().read_text("utf-8")
        names = {*_STATIC.findall(text), *_WORKER.findall(text)}
        new = {assets / name for name in names} - found
        found |= new
        waiting += new
    return {html, loader, *found}


def test_what_the_first_mask_needs_is_small() -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in first_files()}
    assert len(sizes) >= 5
    print(sizes)
    assert sum(sizes.values()) < MOST_BYTES, sizes
