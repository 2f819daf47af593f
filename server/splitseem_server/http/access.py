"""Who may ask for what: keys, which are kept as digests, in a file of a line each.

    NAME SCOPES sha256:DIGEST

Scopes stand with commas between. A name is a tenant: what one embeds, another does not find. Several lines of
one name are several keys of it, so that one can take the place of another. Empty lines, and those that begin
with #, are passed over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from splitseem_server.errors import Forbidden, Unauthorized
from splitseem_server.settings import SettingsError

SCOPE_OF: Mapping[str, str] = MappingProxyType(
    {
        "/embed": "embed",
        "/v1/embed": "embed",
        "/v1/upright": "embed",
        "/v1/embeddings/{key}": "embed",
        "/v1/decode": "decode",
        "/v1/text": "decode",
        "/v1/panoptic": "decode",
        "/metrics": "admin",
    }
)
"""What a key must allow, by route. The others are open: the page, its files, and how the service is."""
SCOPES = tuple(dict.fromkeys(SCOPE_OF.values()))

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PREFIX = "splitseem_"
_KEY_BYTES = 32


@dataclass(frozen=True)
class ApiKey:
    """One line of the file.

    Args:
        name: of the tenant.
        scopes: some of `SCOPES`.
        digest: SHA-256 of the key, which is random and so long that no slower digest is needed.
    """

    name: str
    scopes: tuple[str, ...]
    digest: bytes

    @property
    def line(self) -> str:
        """As it stands in the file."""
        return f"{self.name} {','.join(self.scopes)} sha256:{self.digest.hex()}"


@dataclass(frozen=True)
class Access:
    """The keys of a service."""

    keys: tuple[ApiKey, ...]

    def tenant(self, secret: str | None, scope: str) -> str:
        """Whose key it is.

        Raises:
            Unauthorized: no key, or an unknown one. Forbidden: it does not allow this.
        """
        challenge = {"WWW-Authenticate": "Bearer"}
        if secret is None:
            raise Unauthorized(
                "this needs an API key: send it as `Authorization: Bearer …` or `X-API-Key: …`",
                headers=challenge,
            )
        digest = _digest(secret)
        # All are compared, so that the time says nothing about which was nearly right.
        found = [key for key in self.keys if hmac.compare_digest(key.digest, digest)]
        if not found:
            raise Unauthorized("this API key is not known here", headers=challenge)
        if not any(scope in key.scopes for key in found):
            raise Forbidden(f"this API key does not allow {scope!r}, but {', '.join(found[0].scopes)}")
        return found[0].name


def make_key(name: str, scopes: Sequence[str]) -> tuple[str, ApiKey]:
    """A new key: the secret, and what is kept of it.

    Raises:
        ValueError: no such scope, or no name.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise ValueError(f"scopes {','.join(scopes) or '(none)'!r}; known are {', '.join(SCOPES)}")
    if not _NAME.fullmatch(name):
        raise ValueError(f"name {name!r}; expected 1 to 64 of letters, digits, dot, dash and underscore")
    secret = _PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    return secret, ApiKey(name, tuple(dict.fromkeys(scopes)), _digest(secret))


def read_keys(path: Path) -> Access:
    """The keys in a file.

    Raises:
        SettingsError: it cannot be read, holds no key, or a line that is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"SPLITSEEM_API_KEYS_FILE: cannot read {path}: {error}") from error
    keys = tuple(
        _read_line(line, f"{path}, line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    )
    if not keys:
        raise SettingsError(f"SPLITSEEM_API_KEYS_FILE: {path} holds no key; `splitseem keys new` makes one")
    return Access(keys)


def secret_of(headers: Mapping[str, str]) -> str | None:
    """The key that a request carries; the password of HTTP Basic is one, for programs that know no other."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    written = credentials.strip()
    carried = {"bearer": written, "basic": _password(written)}.get(scheme.lower())
    return headers.get("x-api-key") or carried or None


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _read_line(line: str, where: str) -> ApiKey:
    parts = line.split()
    if len(parts) == 3:
        name, scopes, digest = parts
        given = scopes.split(",")
        if _NAME.fullmatch(name) and set(given) <= set(SCOPES) and _DIGEST.fullmatch(digest):
            return ApiKey(name, tuple(given), bytes.fromhex(digest.removeprefix("sha256:")))
    # The line is not shown: somebody may have written a key where its digest belongs.
    raise SettingsError(
        f"SPLITSEEM_API_KEYS_FILE: {where}: expected `NAME SCOPES sha256:DIGEST`, as `splitseem keys new`"
        f" prints it; scopes are {', '.join(SCOPES)}"
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
