"""Known checkpoints from the Hugging Face hub, and those that were fetched before.

The library `huggingface_hub` does the work: downloads are resumed where they broke off, shown by a progress
bar, and kept in its cache, where other programs find them too. It is loaded only here and only when needed.
"""

import hashlib
import re
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from splitseem_model.checkpoints.known import HUB_REPOSITORY, KNOWN, KnownCheckpoint
from splitseem_model.errors import FetchError

_SHA256 = re.compile(r"[0-9a-f]{64}")


def fetch(known: KnownCheckpoint) -> Path:
    """The file of a known checkpoint: from the cache, or over the network.

    Raises:
        FetchError: never published, the library is missing, or the hub cannot be reached; the message says
            what to do instead.
    """
    if known.file is None:
        raise FetchError(
            f"the weights of {known.name} were never published; give a file of your own and"
            f" --preset {known.presets[0]}"
        )
    try:
        hub = _library()
    except ImportError as error:
        raise FetchError(f"fetching {known.name} needs huggingface_hub; {_by_hand(known)}") from error
    try:
        return Path(hub.hf_hub_download(HUB_REPOSITORY, known.file))
    except Exception as error:  # its versions raise the errors of different HTTP libraries
        raise FetchError(f"cannot fetch {known.name}: {error} {_by_hand(known)}") from error


def cached(known: KnownCheckpoint) -> Path | None:
    """The file of a known checkpoint if it was fetched before, without using the network."""
    if known.file is None:
        return None
    try:
        found = _library().try_to_load_from_cache(HUB_REPOSITORY, known.file)
    except ImportError:
        return None
    return Path(found) if isinstance(found, str) else None


def known_sha256(known: KnownCheckpoint) -> str | None:
    """Digest of a checkpoint: ours, or that of the fetched file, which the hub keeps under its digest."""
    file = cached(known)
    if known.sha256 is not None or file is None:
        return known.sha256
    name = file.resolve().name
    return name if _SHA256.fullmatch(name) else None


def recognise(path: Path) -> KnownCheckpoint | None:
    """The known checkpoint that has the digest of a file; the file is read only if some digest is known."""
    digests = {digest: known for known in KNOWN.values() if (digest := known_sha256(known)) is not None}
    stored_as = path.resolve().name  # of a fetched file, this is the digest
    if stored_as in digests:
        return digests[stored_as]
    return digests.get(sha256_of(path)) if digests else None


def sha256_of(path: Path) -> str:
    """Digest of a file, lower-case hex."""
    stat = path.stat()
    return _sha256(path.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _sha256(path: Path, size: int, modified_ns: int) -> str:
    """Digest by file, size and time of change: an unchanged file is not read twice."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _library() -> Any:
    return import_module("huggingface_hub")


def _by_hand(known: KnownCheckpoint) -> str:
    return (
        f"Where there is a network: pip install huggingface_hub, or download {known.url} by hand and run with"
        f" --model FILE --preset {known.presets[0]}."
    )
