"""The program `splitseem`, also where only the client for Python is installed."""

import sys


def main() -> None:
    """Run the command line, or say in one line what it needs."""
    try:
        from splitseem_cli.main import main as run
    except ModuleNotFoundError as error:
        sys.exit(
            f"the command line needs the package {error.name}: pip install 'splitseem[server,export,train]'"
        )
    run()
