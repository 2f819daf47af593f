"""Settings of the service: the only reader of environment variables.

Each field is `SPLITSEEM_<NAME>` in the environment; secrets may stand in a file instead, which is named by
`SPLITSEEM_<NAME>_FILE`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from limits import parse_many
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from splitseem_server.redis_url import mask_url, read_redis_url

PREFIX = "SPLITSEEM_"
SECRETS = ("cache", "label_studio_token")
ADAPTERS = ("roboflow", "kserve", "qupath", "label-studio", "cvat")
"""Protocols of other programs that can be switched on."""
FOR_CALLERS = frozenset({f"{PREFIX}API_KEY"})
"""Variables of the command line that may be set where a service starts, and mean nothing to it."""
_MIB = 2**20


class SettingsError(ValueError):
    """A setting is unknown, out of range or unreadable; the message names it."""


class Settings(BaseModel):
    """Everything that can be set about the service; made by `load_settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1)] = Field(
        default="127.0.0.1",
        description="Address to listen on. 0.0.0.0 opens the service to the network: to everybody, unless"
        " there are API keys.",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="TCP port to listen on; 0 takes a free one."
    )
    model: Annotated[str, Field(min_length=1)] = Field(
        default="nano", description="Preset, known checkpoint or file of weights."
    )
    preset: str | None = Field(
        default=None, description="Shape and wiring of a model that is given as a file."
    )
    device: Literal["cpu", "cuda"] = Field(
        default="cpu",
        description="Where the encoder runs. cuda needs an NVIDIA GPU and PyTorch built for it.",
    )
    cache: Annotated[str, Field(min_length=1)] = Field(
        default="memory",
        description="`memory`, or the URL of a Redis: redis://, rediss://, unix://,"
        " redis+sentinel://host:port,host:port/service, redis+cluster://host:port,host:port. Memory is"
        " fastest and lost at a restart; Redis is shared by several servers and survives them.",
    )
    cache_bytes: Annotated[int, Field(ge=0, le=2**40)] = Field(
        default=512 * _MIB,
        description="Most bytes of embeddings kept by the cache in memory; the least recently used go"
        " first. More saves encoder runs, less saves memory; 0 keeps none.",
    )
    local_cache_bytes: Annotated[int, Field(ge=0, le=2**40)] = Field(
        default=64 * _MIB,
        description="Most bytes of embeddings of Redis that each server keeps in its memory, too, and finds"
        " while Redis does not answer; 0 keeps none.",
    )
    cache_ttl_s: Annotated[int, Field(ge=0, le=365 * 86400)] = Field(
        default=7 * 86400,
        description="Seconds after which Redis forgets an embedding; 0 leaves it to the eviction of Redis.",
    )
    redis_timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=1.0,
        description="Seconds an operation of Redis may take before it counts as a miss. Short keeps"
        " requests quick when Redis hangs; too short never stores large embeddings over a slow"
        " network.",
    )
    redis_pause_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=5.0,
        description="Seconds during which Redis is not asked again after it did not answer. Longer spares"
        " requests the timeout, shorter returns to the cache sooner.",
    )
    redis_claim_s: Annotated[float, Field(ge=0, le=600)] = Field(
        default=5.0,
        description="Seconds after which another server makes an embedding whose maker died. Servers that"
        " share a Redis make each embedding once; 0 lets every server make its own.",
    )
    max_image_bytes: Annotated[int, Field(ge=1024, le=1024 * _MIB)] = Field(
        default=32 * _MIB,
        description="Most bytes of an image file. More admits larger photos; every upload may hold that"
        " much memory.",
    )
    max_image_pixels: Annotated[int, Field(ge=1, le=89_000_000)] = Field(
        default=64_000_000,
        description="Most pixels of an image, read from its header before it is decoded. Decoding takes 4"
        " bytes for each, of WebP 17, of AVIF and progressive JPEG 10; a file of up to 1 MB gets 280 MB of"
        " memory for it, others 950 MB.",
    )
    fetch_urls: bool = Field(
        default=False,
        description="Whether callers may name an image by its address (`url` in JSON), which is then fetched"
        " from here; public hosts and the ports 80 and 443 only.",
    )
    url_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10.0, description="Seconds to fetch an image from its address."
    )
    decode_processes: Annotated[int, Field(ge=1, le=64)] = Field(
        default=2,
        description="Image files decoded at the same time, each in a process of its own of about 40 MB, which"
        " is started when it is first needed.",
    )
    decode_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=20.0,
        description="Seconds an image file may take to decode, of them half of the processor's time, or a"
        " tenth for a file of up to 1 MB; then its process is killed and the image refused with 413. A photo"
        " of 64 million pixels takes one to two.",
    )
    decode_memory_bytes: Annotated[int, Field(ge=_MIB, le=1024 * 1024 * _MIB)] = Field(
        default=300_000_000,
        description="Memory for the image files that are decoded at the same time, by their headers: 4 bytes"
        " for most pixels, see `SPLITSEEM_MAX_IMAGE_PIXELS`. A file that needs more is decoded alone.",
    )
    max_canvas: Annotated[int, Field(ge=32, le=4096)] = Field(
        default=1024,
        description="Largest `canvas` that a request may ask for. Time, memory and size of an embedding"
        " grow with its square.",
    )
    devices: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1,
        description="GPUs that encode at the same time, each with the model: cuda:0 and those after it.",
    )
    encode_precision: Literal["float32", "float16"] = Field(
        default="float32",
        description="How a GPU computes embeddings. float16 is faster and changes masks by less than the"
        " codec does; embeddings of both are kept apart in the cache. A CPU has float32 only.",
    )
    encode_channels_last: bool = Field(
        default=False,
        description="Whether the encoder lays maps out cell by cell: the same masks, on many GPUs and some"
        " CPUs sooner. `benchmarks/encoder.py` tells which.",
    )
    encode_workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1,
        description="Encoder runs at the same time on each device. One is right for a GPU and for a CPU that"
        " torch uses fully.",
    )
    encode_threads: Annotated[int, Field(ge=0, le=1024)] = Field(
        default=0,
        description="Threads of a run of the encoder on a CPU. 0 stands for `OMP_NUM_THREADS`, or where that"
        " is not set for all cores but one, which the service itself needs when it has much to refuse.",
    )
    queue_size: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=16,
        description="Encoder runs that may wait; further ones are refused with 429. More tolerates"
        " bursts, fewer answers sooner.",
    )
    queue_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60.0,
        description="Seconds a request may wait for the encoder; then it is refused with 503. Longer than"
        " callers wait is work for nobody.",
    )
    max_batch: Annotated[int, Field(ge=1, le=256)] = Field(
        default=1,
        description="Most images of equal padded size that the encoder takes at once. More pays on a GPU; a"
        " CPU is as fast with one.",
    )
    max_wait_ms: Annotated[float, Field(ge=0, le=1000)] = Field(
        default=0.0,
        description="Milliseconds that the encoder, when it is idle, waits for a batch to fill. While it"
        " works, batches fill by themselves.",
    )
    max_connections: Annotated[int, Field(ge=8, le=100_000)] = Field(
        default=1000,
        description="Connections at the same time, as far as the system's limit on open files allows. One"
        " more takes the place of the one that has waited longest for a request.",
    )
    idle_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=15.0,
        description="Seconds after which a connection without a request is closed. Longer spares callers who"
        " come back a new connection.",
    )
    head_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10.0,
        description="Seconds for the request line and the headers of a request; then it is refused with 408.",
    )
    body_stall_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=15.0,
        description="Seconds in which nothing of a body arrives, after which it is refused with 408, or"
        " nothing of an answer is taken, after which the connection ends.",
    )
    body_s: Annotated[float, Field(gt=0, le=86400)] = Field(
        default=300.0,
        description="Seconds for a whole body, then it is refused with 408, and for an answer to be taken."
        " Shorter frees memory that slow callers hold, longer admits large photos over slow networks.",
    )
    max_held_bytes: Annotated[int, Field(ge=2**20, le=2**40)] = Field(
        default=512 * _MIB,
        description="Most bytes of all bodies that are received or worked on at the same time; further ones"
        " are refused with 429.",
    )
    drain_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=20.0,
        description="Seconds that accepted work gets when the service is asked to stop. More than the longest"
        " queue takes loses nothing; the supervisor must wait longer than that before it kills.",
    )
    max_texts: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=64,
        description="Most texts, and most class names, of one request. A class name takes an official model"
        " more than half a second on a CPU core.",
    )
    max_age_s: Annotated[int, Field(ge=0, le=365 * 86400)] = Field(
        default=365 * 86400,
        description="Seconds a browser may keep an embedding. Content never changes under its key; less"
        " only frees space on the user's machine.",
    )
    decoder_dir: Path | None = Field(
        default=None, description="Folder with the exported decoder: manifest.json and the files it names."
    )
    client_dir: Path | None = Field(default=None, description="Folder with the built browser client.")
    serve_client: bool = Field(
        default=True,
        description="Whether to serve the browser client; false where a web server in front does.",
    )
    api_keys_file: Path | None = Field(
        default=None,
        description="File of the API keys that callers need, lines as `splitseem keys new` prints them;"
        " without it everybody may ask.",
    )
    adapters: str = Field(
        default="",
        description="Protocols of other programs that are answered too, with commas between: `roboflow`,"
        " `kserve`, `qupath`, `label-studio`, `cvat`; empty for none.",
    )
    label_studio_url: str = Field(
        default="",
        description="Address of the Label Studio whose uploaded pictures are fetched for the adapter"
        " `label-studio`, wherever it is.",
    )
    label_studio_token: str = Field(
        default="", description="Legacy token of a user of that Label Studio, by which it gives pictures."
    )
    rate_per_key: str = Field(
        default="",
        description="Most requests of all keys of one name, such as `60/minute`, or `60/minute;5000/day` for"
        " a rate and a quota; empty for no limit. More are refused with 429.",
    )
    rate_per_address: str = Field(
        default="",
        description="The same of one address, counted before its key is looked at, so that keys cannot be"
        " tried out; empty for no limit.",
    )
    proxies: Annotated[int, Field(ge=0, le=16)] = Field(
        default=0,
        description="How many proxies in front of the service add the address of their caller to"
        " `X-Forwarded-For`. Too many, and callers choose their address themselves.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins whose pages may call the service, with commas between; `*` for all, empty for"
        " none but its own.",
    )
    resource_policy: Literal["same-origin", "same-site", "cross-origin"] = Field(
        default="same-origin",
        description="Pages that may embed what is served, as an iframe does, when they are isolated.",
    )
    traces: bool = Field(
        default=False,
        description="Whether to send spans to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names; needs the"
        " extra `otel`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Log lines for people, or one JSON object a line for machines."
    )

    @field_validator("cors_origins")
    @classmethod
    def _plain_origins(cls, value: str) -> str:
        origins = [origin.strip() for origin in value.split(",") if origin.strip()]
        for origin in origins:
            if origin != "*" and not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ValueError("expected origins such as https://example.org, without a path")
        return ",".join(origins)

    @field_validator("adapters")
    @classmethod
    def _known_adapters(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        unknown = sorted(set(names) - set(ADAPTERS))
        if unknown:
            raise ValueError(f"unknown adapter {', '.join(unknown)}; known are {', '.join(ADAPTERS)}")
        return ",".join(dict.fromkeys(names))

    @field_validator("label_studio_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/\s@?#]+(/[^\s?#]*)?", value):
            raise ValueError("expected an address such as https://label-studio.example.org")
        return value.rstrip("/")

    @field_validator("rate_per_key", "rate_per_address")
    @classmethod
    def _known_rates(cls, value: str) -> str:
        try:
            parse_many(value) if value.strip() else None
        except ValueError as error:
            raise ValueError("expected rates such as 60/minute or 60/minute;5000/day") from error
        return value.strip()

    @field_validator("cache")
    @classmethod
    def _known_cache(cls, value: str) -> str:
        if value != "memory":
            read_redis_url(value)
        return value

    def masked(self) -> dict[str, object]:
        """Every setting by name, passwords replaced by ***; for the log."""
        values: dict[str, object] = {
            name: str(value) if isinstance(value, Path) else value for name, value in self
        }
        token = "***" if self.label_studio_token else ""
        return values | {"cache": mask_url(self.cache), "label_studio_token": token}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **given: object) -> Self:
        """Settings from variables, overridden by the arguments that are not None.

        Raises:
            SettingsError: an unknown variable, a value out of range, or a secret that cannot be read.
        """
        values = _read_environment(environment, tuple(cls.model_fields))
        values |= {name: value for name, value in given.items() if value is not None}
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError(_describe(error)) from error


def load_settings(**given: object) -> Settings:
    """Settings from the environment of this process, overridden by the arguments that are not None.

    Raises:
        SettingsError: an unknown variable, a value out of range, or a secret that cannot be read.
    """
    return Settings.from_environment(os.environ, **given)


def _read_environment(environment: Mapping[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    variables = {f"{PREFIX}{name.upper()}": name for name in names}
    files = {f"{PREFIX}{name.upper()}_FILE": name for name in SECRETS}
    given = {name for name in environment if name.startswith(PREFIX)} - FOR_CALLERS
    unknown = sorted(given - variables.keys() - files.keys())
    if unknown:
        raise SettingsError(
            f"unknown setting {', '.join(unknown)}; known are {', '.join([*variables, *files])}"
        )
    values = {variables[name]: environment[name] for name in sorted(given & variables.keys())}
    for variable in sorted(given & files.keys()):
        if files[variable] in values:
            raise SettingsError(
                f"{variable} and {variable.removesuffix('_FILE')} are both set; set one of them"
            )
        values[files[variable]] = _read_secret(variable, environment[variable])
    return values


def _read_secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: cannot read {path}: {error}") from error


def _describe(error: ValidationError) -> str:
    # The value is left out: it may be a secret.
    return "; ".join(f"{_variable(fault['loc'])}: {fault['msg']}" for fault in error.errors())


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + "_".join(str(part) for part in location).upper()
