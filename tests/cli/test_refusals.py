"""What cannot be done is said in one line, with status 2, by every command; and how commands are ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from splitseem_cli.main import COMMANDS, main, module_of
from splitseem_cli.options.model import ModelOptions

RUN = [sys.executable, "-c", "from splitseem_cli.main import main; main()"]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def assert_refused(result: Result, *words: str) -> None:
    """One line on stderr that holds the words, and status 2."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("Error: ")
    assert "Errno" not in lines[0]
    for word in words:
        assert word in lines[0]


def _bitmap_of_huge_size(path: Path) -> None:
    header = b"BM" + bytes(8) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    size = (60_000).to_bytes(4, "little") * 2
    path.write_bytes(header + size + b"\1\0\x18\0" + bytes(24))


def _truncated(path: Path) -> None:
    Image.effect_noise((64, 64), 60).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:300])


BAD_PHOTOS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (lambda path: None, "no such"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "empty": (lambda path: path.write_bytes(b""), "empty"),
    "text": (lambda path: path.write_text("a text"), "not an image that is read here"),
    "truncated": (_truncated, "cannot be decoded"),
    "huge": (_bitmap_of_huge_size, "pixels"),
}
TAKES_PHOTO = {
    "segment": ["{bad}", "--point", "1,1", "-o", "{tmp}/o.png"],
    "segment scribble": ["{good}", "--scribble", "{bad}", "-o", "{tmp}/o.png"],
    "segment mask": ["{good}", "--mask", "{bad}", "-o", "{tmp}/o.png"],
    "segment example": ["{good}", "--example", "{bad}", "--example-point", "1,1", "-o", "{tmp}/o.png"],
    "panoptic": ["{bad}", "-o", "{tmp}/o.png"],
    "embed": ["{bad}", "-o", "{tmp}/out"],
}


@pytest.mark.unit
@pytest.mark.parametrize("kind", BAD_PHOTOS)
@pytest.mark.parametrize("name", TAKES_PHOTO)
def test_a_photo_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, name: str, kind: str) -> None:
    make, words = BAD_PHOTOS[kind]
    bad, good = tmp_path / "bad.jpg", tmp_path / "good.png"
    make(bad)
    Image.new("RGB", (8, 8)).save(good)
    line = [word.format(bad=bad, good=good, tmp=tmp_path) for word in TAKES_PHOTO[name]]
    assert_refused(run(name.split()[0], *line), "bad.jpg", words)
    assert not (tmp_path / "o.png").exists()


BAD_LINES: dict[str, tuple[list[str], str]] = {
    "unknown command": (["sgement"], "there are serve, segment"),
    "unknown option": (["segment", "{photo}", "--pint", "1,1"], "--pint"),
    "no output": (["segment", "{photo}", "--point", "1,1"], "--output"),
    "nothing": (["segment"], "segment --help"),
    "unknown codec": (["embed", "{photo}", "-o", "{tmp}/o", "--codec", "zip"], "float16"),
    "canvas of 1": (["embed", "{photo}", "-o", "{tmp}/o", "--canvas", "1"], "32<=x<=4096"),
    "output in a file": (["embed", "{photo}", "-o", "{text}/o"], "a folder was expected"),
    "output is a file": (["embed", "{photo}", "-o", "{text}"], "name a folder"),
    "output is a folder": (["segment", "{photo}", "--point", "1,1", "-o", "{tmp}/d.png"], "is a folder"),
    "unknown suffix": (["panoptic", "{photo}", "-o", "{tmp}/o.bmp"], ".png, .json"),
    "not safetensors": (["convert", "{text}", "-o", "{tmp}/o.pt"], ".safetensors"),
    "no checkpoint": (["convert", "{text}", "-o", "{tmp}/o.safetensors"], "text.pt"),
    "no data set": (["evaluate", "{tmp}/none"], "no such data set"),
    "no index": (["evaluate", "{tmp}"], "no index.jsonl.gz"),
    "not an index": (["evaluate", "{text}"], "not readable as gzipped text"),
    "no golden set": (["parity", "{tmp}/none"], "none"),
    "export of no model": (["export", "--model", "absent", "-o", "{tmp}/o"], "absent"),
    "export to a file": (["export", "--model", "tiny", "-o", "{text}"], "is a file"),
    "server by ftp": (["embed", "{photo}", "-o", "{tmp}/o", "--server", "ftp://x"], "http or https"),
    "server without host": (["embed", "{photo}", "-o", "{tmp}/o", "--server", "http://"], "http or https"),
    "no server": (["embed", "{photo}", "-o", "{tmp}/o", "--server", "http://127.0.0.1:9"], "no answer from"),
    "port of 99999": (["serve", "--port", "99999"], "65535"),
    "x is nan": (["segment", "{photo}", "--point", "nan,1", "-o", "{tmp}/o.png"], "outside the image"),
    "y is inf": (["segment", "{photo}", "--box", "1,1,5,inf", "-o", "{tmp}/o.png"], "outside the image"),
    "x is 1e30": (["segment", "{photo}", "--polygon", "1,1,1e30,1,2,2", "-o", "{tmp}/o.png"], "outside the"),
    "empty polygon": (["segment", "{photo}", "--polygon", "", "-o", "{tmp}/o.png"], "no number"),
    "long polygon": (
        ["segment", "{photo}", "--polygon", ",".join(["1"] * 2_000_000), "-o", "{tmp}/o.png"],
        "it has 2000000 numbers, at most",
    ),
    "example outside": (
        ["segment", "{photo}", "--example", "{photo}", "--example-point", "1e30,1", "-o", "{tmp}/o.png"],
        "outside the image",
    ),
}


@pytest.mark.unit
@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_wrong_line_is_refused_in_one_line(tmp_path: Path, kind: str, loaded: list[ModelOptions]) -> None:
    line, words = BAD_LINES[kind]
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png")
    (tmp_path / "text.pt").write_text("a text")
    (tmp_path / "d.png").mkdir()
    places = {"photo": tmp_path / "photo.png", "text": tmp_path / "text.pt", "tmp": tmp_path}
    result = run(*(word.format(**places) for word in line))
    assert_refused(result, words)
    assert len(result.stderr) < 2500
    assert loaded == []  # refused before any work


@pytest.mark.unit
@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_the_command_and_every_option(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    command: click.Command = import_module(module_of(name)).command
    assert command.help
    options = [option for option in command.params if isinstance(option, click.Option)]
    unexplained = [option.name for option in options if not option.help]
    assert unexplained == []


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_ends_with_130_and_no_traceback() -> None:
    script = (
        "import os, signal; from splitseem_cli import models\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background ignores it
        "models.command.callback = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "from splitseem_cli.main import main; main(['models'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr == "stopped\n"


def test_a_reader_that_leaves_causes_no_traceback() -> None:
    with subprocess.Popen(
        [*RUN, "models"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        process.wait(timeout=240)
    assert said == ""
