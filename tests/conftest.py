"""What tests of several packages use: the service of the bundled model, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

STOPS_WITHIN_S = 30
FAILURE_CHARACTERS = 4000

_SERVE = "from splitseem_cli.main import main; main()"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Print a failure as soon as it happened: a run that is ended from outside has no summary."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\n{report.nodeid} ({report.when})\n{report.longreprtext[-FAILURE_CHARACTERS:]}", flush=True)


@contextmanager
def served(*options: str, **settings: str) -> Iterator[str]:
    """The address of `splitseem serve` with these options and settings, on a free port."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPLITSEEM_")}
    command = [sys.executable, "-c", _SERVE, "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        env={**environment, "SPLITSEEM_LOG_LEVEL": "warning", "OMP_NUM_THREADS": "1", **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = next((line for line in process.stdout if "serves on" in line), None)
        assert said is not None, f"the service ended with {process.wait()}"
        yield said.split()[-1]
    finally:
        process.kill()
        process.communicate(timeout=STOPS_WITHIN_S)


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[str]]:
    """Starts servers, see `served`."""
    return served


@pytest.fixture(scope="session")
def nano_server() -> Iterator[str]:
    """The address of `splitseem serve`, with `nano`, on a free port."""
    with served() as address:
        yield address
