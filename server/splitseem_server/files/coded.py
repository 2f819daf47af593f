"""Files that never change, coded once for all who fetch them: zstd or gzip, whichever the caller has.

The runtime of the page shrinks to a fifth, scripts to a third, weights by a twentieth. Coded files lie in a
folder of their own until the service stops, so that a read-only installation stays as it is.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import anyio
import anyio.to_thread
import structlog
import zstandard
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response

from splitseem_server.http.content_coding import SMALLEST_CODED
from splitseem_server.http.negotiation import has_etag, weight_of

_log = structlog.get_logger(__name__)

# Level 9 is for code, level 3 is shorter for weights; higher ones take seconds for a hundredth more.
_ZSTD_LEVELS = (3, 9)


def _zstd(content: bytes) -> bytes:
    return min((zstandard.ZstdCompressor(level=n).compress(content) for n in _ZSTD_LEVELS), key=len)


# The first that the caller names is taken.
CODINGS: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType(
    {"zstd": _zstd, "gzip": partial(gzip.compress, compresslevel=6, mtime=0)}
)


class CodedFiles:
    """Answers with files, or with their coded forms, which are made when they are first asked for."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._remove: Callable[[], object] = lambda: None
        self._coded: dict[tuple[Path, str], Path | None] = {}
        self._making = anyio.Lock()

    def close(self) -> None:
        """Remove the coded files; those that are asked for after that are coded again."""
        self._remove()
        self._folder = None
        self._coded.clear()

    async def response(self, path: Path, headers: Mapping[str, str], asked: Headers) -> Response:
        """The answer to a request with headers `asked` for a file whose entity tag and type are in `headers`:
        the file, a coding of it with a tag of its own, or 304."""
        coding = next((name for name in CODINGS if weight_of(name, asked.get("accept-encoding")) > 0), None)
        etags = {coding: _etag(headers["ETag"], coding), None: headers["ETag"]}
        found = {**headers, "Vary": "Accept-Encoding"}
        for etag in etags.values():
            if has_etag(asked.get("if-none-match"), etag):
                return Response(status_code=304, headers={**found, "ETag": etag})
        coded = None if coding is None else await self._coded_form(path, coding)
        if coded is None or coding is None:
            return FileResponse(path, headers=found)
        return FileResponse(coded, headers={**found, "ETag": etags[coding], "Content-Encoding": coding})

    async def _coded_form(self, path: Path, coding: str) -> Path | None:
        """Where the coded file is; None for one that is not worth it, or that cannot be kept."""
        if path.stat().st_size < SMALLEST_CODED:
            return None
        async with self._making:
            if self._folder is not None and not self._folder.is_dir():
                self.close()  # somebody tidied up
            if (path, coding) not in self._coded:
                self._coded[path, coding] = await self._make(path, coding)
            return self._coded[path, coding]

    async def _make(self, path: Path, coding: str) -> Path | None:
        try:
            coded = self._own_folder() / f"{len(self._coded)}.{coding}"
            shorter = await anyio.to_thread.run_sync(_write_coded, path, coding, coded)
        except OSError as error:
            _log.warning("no place for coded files", error=str(error))
            return None
        return coded if shorter else None

    def _own_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="splitseem-coded-"))
            self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder


def _write_coded(path: Path, coding: str, coded: Path) -> bool:
    """Write the coded form of a file; False, and nothing, if it is not shorter."""
    content = path.read_bytes()
    shorter = CODINGS[coding](content)
    if len(shorter) >= len(content):
        return False
    coded.write_bytes(shorter)
    return True


def _etag(etag: str, coding: str | None) -> str:
    """Of a coding: another entity than the file itself."""
    return etag if coding is None else f'{etag.removesuffix(chr(34))}.{coding}"'
