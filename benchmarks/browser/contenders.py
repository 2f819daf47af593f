"""Everything that takes part: written once to a folder that the page is served from."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.browser.feeds import Feed, arrays_of, axes_at, feeds_of
from benchmarks.browser.matmuls import arithmetic, products_graph
from benchmarks.browser.official import PRESET, drawn_decoder, trace_as_written
from benchmarks.browser.sam import export_sam
from numpy.typing import NDArray
from skimage.data import astronaut

from splitseem_export.export import read_manifest
from splitseem_export.graphs import trace_graphs
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_proto import pack

SAM_CANVAS = 1024
"""SAM knows no other."""


class StaleDecoder(Exception):
    """The exported decoder is not that of the bundled weights; the message says what to do."""


@dataclass(frozen=True)
class Contender:
    """One thing to be timed.

    Attributes:
        name: model, part and precision, as in the tables.
        canvas: longest side of the image.
        file: graph below the folder, or the manifest's folder of a whole click.
        feeds: inputs of the graph; none for a whole click.
        flops: of one run, counted in the float32 graph.
        products: a graph of the same matrix products and nothing else, or None.
        embedding: for a whole click, the file that the page would have fetched.
    """

    name: str
    canvas: int
    file: str
    feeds: list[Feed] = field(default_factory=list)
    flops: int = 0
    matmul_flops: int = 0
    products: str | None = None
    embedding: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For the page."""
        return asdict(self)


def contenders(
    root: Path, decoder: Path, canvases: list[int], official_canvases: list[int]
) -> Iterator[Contender]:
    """Export what is not there yet, and describe it.

    Args:
        root: the folder that is served; `graphs` below it is written.
        decoder: the exported decoder of nano, below `root`.
    """
    graphs = root / "bench/graphs"
    graphs.mkdir(parents=True, exist_ok=True)
    files = _Files(root, graphs)
    yield from _sam(files)
    yield from _nano(files, decoder, canvases)
    yield from _official(files, official_canvases)


class _Files:
    """Graphs in the served folder, made once."""

    def __init__(self, root: Path, graphs: Path) -> None:
        self.root, self.graphs = root, graphs

    def made(self, name: str, make: Callable[[], bytes]) -> Path:
        path = self.graphs / name
        if not path.is_file():
            path.write_bytes(make())
        return path

    def contender(
        self, name: str, canvas: int, path: Path, counted: Path | None = None, points: int = 2
    ) -> Contender:
        """`counted`: the float32 graph whose arithmetic stands for it; None: its own."""
        axes = axes_at(canvas, points)
        note = self._arithmetic(counted or path, canvas, axes)
        return Contender(
            name,
            canvas,
            "/" + str(path.relative_to(self.root)),
            feeds_of(path.read_bytes(), axes),
            note["flops"],
            note["matmul_flops"],
            note["products"],
        )

    def _arithmetic(self, path: Path, canvas: int, axes: dict[str, int]) -> dict[str, Any]:
        graph = path.read_bytes()
        digest = hashlib.sha256(graph).hexdigest()[:12]
        note = self.graphs / f"arithmetic.{digest}.{canvas}.json"
        if not note.is_file():
            found = arithmetic(graph, arrays_of(feeds_of(graph, axes)))
            products = self.graphs / f"products.{digest}.{canvas}.onnx"
            products.write_bytes(products_graph(found.matmuls))
            described = {
                "flops": found.flops,
                "matmul_flops": found.flops - found.conv_flops,
                "products": "/" + str(products.relative_to(self.root)),
            }
            note.write_text(json.dumps(described), encoding="utf-8")
        read: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        return read


def _sam(files: _Files) -> Iterator[Contender]:
    fp32, int8 = (files.graphs / f"sam.{precision}.onnx" for precision in ("fp32", "int8"))
    if not (fp32.is_file() and int8.is_file()):
        export_sam(fp32, int8)
    yield files.contender("sam click fp32", SAM_CANVAS, fp32, points=1)
    yield files.contender("sam click int8", SAM_CANVAS, int8, fp32, points=1)


def _nano(files: _Files, decoder: Path, canvases: list[int]) -> Iterator[Contender]:
    manifest = read_manifest(decoder)
    model = load_model("nano")
    if manifest is None or manifest["fingerprint"] != model.fingerprint():
        raise StaleDecoder(f"no decoder of these weights in {decoder}: run `make setup`")
    encoder = ImageEncoder(model)
    traced = trace_graphs(model.decoder)
    for canvas in canvases:
        name = f"nano.{manifest['fingerprint'][:12]}.{canvas}.splitseem"
        embedding = files.made(name, partial(_packed, encoder, canvas))
        yield Contender(
            "nano whole click",
            canvas,
            "/" + str(decoder.relative_to(files.root)),
            embedding="/" + str(embedding.relative_to(files.root)),
        )
        for part, graph in (("step", traced.step), ("prepare", traced.prepare)):
            digest = hashlib.sha256(graph).hexdigest()[:12]
            fp32 = files.made(f"nano.{part}.{digest}.onnx", partial(bytes, graph))
            yield files.contender(f"nano {part} fp32", canvas, fp32)
            shipped = decoder / manifest["graphs"][part]["file"]
            if shipped.read_bytes() != graph:
                yield files.contender(f"nano {part} shipped", canvas, shipped, fp32)


def _official(files: _Files, canvases: list[int]) -> Iterator[Contender]:
    if not canvases:
        return
    decoder = drawn_decoder(PRESET)
    traced = trace_graphs(decoder)
    parts = {"step": traced.step, "prepare": traced.prepare}
    for canvas in canvases:
        for part, graph in parts.items():
            digest = hashlib.sha256(graph).hexdigest()[:12]
            path = files.made(f"official.{part}.{digest}.onnx", partial(bytes, graph))
            yield files.contender(f"official {part} fp32", canvas, path)
        path = files.made("official.as_written.onnx", partial(trace_as_written, decoder))
        yield files.contender("official as written fp32", canvas, path)


def _packed(encoder: ImageEncoder, canvas: int) -> bytes:
    """What the page would fetch of a photo of `canvas` pixels a side."""
    photo: NDArray[np.uint8] = astronaut()  # type: ignore[no-untyped-call]
    times = max(1, canvas // len(photo))
    larger = photo.repeat(times, 0).repeat(times, 1)
    return pack(encoder.encode(np.ascontiguousarray(larger), canvas=canvas))
