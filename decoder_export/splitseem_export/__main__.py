"""`python -m splitseem_export`: the decoder graphs of a model."""

from pathlib import Path

import click

from splitseem_export.errors import ExportError
from splitseem_export.export import export_decoder, is_current
from splitseem_export.folders import check_replaceable
from splitseem_export.precision import PRECISION_OF_PROVIDER, PRECISIONS
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.errors import ModelError


class Refused(click.ClickException):
    """The export cannot be made; the message says why."""

    exit_code = 2


@click.command(context_settings={"show_default": True})
@click.option("--model", default="nano", help="A preset with bundled weights, or a file.")
@click.option("--preset", default=None, help="Shape and wiring of an official checkpoint.")
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder to write, replaced as a whole.",
)
@click.option(
    "--precision",
    type=click.Choice(list(PRECISIONS)),
    default=None,
    help="Of the weights in the files [default: for every execution provider its own].",
)
@click.option("--force", is_flag=True, help="Export again although the folder is current.")
def main(model: str, preset: str | None, out: Path, precision: str | None, force: bool) -> None:
    """Export prepare.onnx, step.onnx, vocabulary and manifest, after comparing them with torch."""
    try:
        check_replaceable(out)
        loaded = load_model(model, preset)
        precisions = {provider: precision or usual for provider, usual in PRECISION_OF_PROVIDER.items()}
        if not force and is_current(loaded, out, precisions):
            click.echo(f"{out} is current")
            return
        report = export_decoder(loaded, out, precisions)
    except (ModelError, ExportError) as error:
        raise Refused(str(error)) from error
    except OSError as error:
        raise Refused(f"cannot write {out}: {error.strerror or error}; choose another folder") from error
    for case in report.cases:
        click.echo(
            f"{case.name}: embeddings {case.embed_error:.1e}, logits {case.logit_error:.1e},"
            f" mask IoU {case.mask_iou:.4f}"
        )
    click.echo(f"wrote {out}")


if __name__ == "__main__":
    main()
