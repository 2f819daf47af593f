"""What programs that only use the client have to install, and what they are told without the rest."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ALONE = """
import sys
from importlib.abc import MetaPathFinder

ALLOWED = {"splitseem", "splitseem_proto", "splitseem_model", "splitseem_cli", *sys.stdlib_module_names}
ALLOWED |= {"numpy", "msgpack", "httpx", "httpcore", "h11", "anyio", "certifi", "idna", "typing_extensions"}

class Nothing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Nothing())
"""


def alone(code: str) -> subprocess.CompletedProcess[str]:
    """Run code where nothing but the base package and what it needs can be imported."""
    return subprocess.run([sys.executable, "-c", ALONE + code], capture_output=True, text=True)


def test_the_client_needs_three_packages() -> None:
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in PROJECT["dependencies"]}  # type: ignore[index]
    assert names == {"numpy", "msgpack", "httpx"}


def test_it_asks_a_server_without_any_other() -> None:
    run = alone(
        "from splitseem import Client, Click, NoAnswer, NotInstalled, Retries\n"
        "import numpy\n"
        "client = Client('http://127.0.0.1:1', retries=Retries(most=0, most_away=0))\n"
        "for ask in (client.readiness, lambda: client.embed(b'photo'),"
        " lambda: client.segment(b'photo', [Click(1, 1)])):\n"
        "    try: ask()\n"
        "    except NoAnswer: print('asked')\n"
    )
    assert run.stdout.split() == ["asked"] * 3, run.stderr


def test_the_canvas_for_notebooks_says_which_extra_it_needs() -> None:
    run = alone(
        "from splitseem import NotInstalled\n"
        "try: import splitseem.jupyter\n"
        "except NotInstalled as error: print(error)\n"
    )
    assert run.stdout == "the canvas needs anywidget: pip install 'splitseem[jupyter]'\n", run.stderr


def test_the_command_line_says_what_it_needs_in_one_line() -> None:
    run = alone("from splitseem_cli.start import main; main()")
    assert run.returncode == 1
    assert run.stderr == (
        "the command line needs the package click: pip install 'splitseem[server,export,train]'\n"
    )
    assert PROJECT["scripts"] == {"splitseem": "splitseem_cli.start:main"}
