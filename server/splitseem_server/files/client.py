"""The built browser client, served as it lies on disk, or coded."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from splitseem_server.errors import ClientFilesError
from splitseem_server.files.coded import CodedFiles

# The names of built assets carry a digest of their content; everything else is looked at again.
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"

# Stated here: the table of the system may lack them, and browsers insist on the types of scripts.
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


class ClientFiles(StaticFiles):
    """Static files of the client, with caching by the kind of name and fixed media types; what never changes
    under its name is sent coded to who can read it.

    Raises:
        ClientFilesError: the folder has no index.html.
    """

    def __init__(self, folder: Path, coded: CodedFiles) -> None:
        if not (folder / "index.html").is_file():
            raise ClientFilesError(f"no built client in {folder}; `make setup` builds it")
        super().__init__(directory=folder, html=True)
        self._coded = coded

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, a redirect or an error of the framework."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        if not isinstance(response, FileResponse) or response.headers.get("Cache-Control") != _IMMUTABLE:
            return response
        kept = {name: response.headers[name] for name in ("ETag", "Cache-Control", "Content-Type")}
        return await self._coded.response(Path(response.path), kept, Headers(scope=scope))

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file, or 304 when the browser has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        path = PurePosixPath(full_path)
        response.headers["Cache-Control"] = _IMMUTABLE if path.parent.name == "assets" else _REVALIDATE
        if isinstance(response, FileResponse) and path.suffix in _MEDIA_TYPES:
            response.headers["Content-Type"] = _MEDIA_TYPES[path.suffix]
        return response
