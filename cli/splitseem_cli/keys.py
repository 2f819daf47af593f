"""`splitseem keys`: keys for callers of the service."""

from __future__ import annotations

import click

from splitseem_cli.commands import Command
from splitseem_cli.failures import refusals


@click.command("keys", cls=Command)
@click.argument("action", type=click.Choice(["new"]))
@click.option("--name", default="default", show_default=True, help="Whose key it is: a tenant of its own.")
@click.option("--scope", default="embed,decode", show_default=True, help="Some of embed, decode and admin.")
def command(action: str, name: str, scope: str) -> None:
    """Make a key for a caller of the service: `splitseem keys new`.

    The first line is the key, which is shown this once. The second line is for the file that the setting
    SPLITSEEM_API_KEYS_FILE names.
    """
    from splitseem_server.http.access import make_key

    with refusals(ValueError):
        secret, kept = make_key(name, [part.strip() for part in scope.split(",") if part.strip()])
    click.echo(secret)
    click.echo(kept.line)
