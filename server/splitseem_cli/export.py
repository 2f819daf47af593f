"""`splitseem export`: the same command as `python -m splitseem_export`."""

from splitseem_export.__main__ import main

command = main
