"""`splitseem export`: the same command as `python -m splitseem_export`."""

from splitseem_cli.commands import guarded
from splitseem_export.__main__ import main

command = guarded(main)
