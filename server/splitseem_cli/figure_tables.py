"""The tables that `splitseem evaluate` prints."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.table import Table

Rows = Mapping[str, tuple[str, str]]

CLICK_ROWS: Rows = MappingProxyType(
    {
        "noc85": ("NoC@85", ".2f"),
        "noc90": ("NoC@90", ".2f"),
        "nof85": ("NoF85", "d"),
        "nof90": ("NoF90", "d"),
        "iou1": ("IoU@1", ".3f"),
        "iou3": ("IoU@3", ".3f"),
        "iou5": ("IoU@5", ".3f"),
        "largest_fall": ("largest fall of IoU, clicks 1 to 5", ".4f"),
        "label1": ("label right after 1 click", ".3f"),
        "label5": ("label right after 5 clicks", ".3f"),
        "obeyed": ("steps that obey every click", ".3f"),
        "seconds_per_click": ("seconds per click", ".4f"),
        "seconds_per_step": ("  of these, model", ".4f"),
        "seconds_per_mask": ("  of these, mask in image size", ".4f"),
        "seconds_per_image": ("seconds per image, encoder", ".3f"),
        "images": ("images", "d"),
        "objects": ("objects", "d"),
    }
)
"""Figure -> its title and number format."""

VIDEO_ROWS: Rows = MappingProxyType(
    {
        "iou_first": ("IoU in the first frame", ".3f"),
        "iou_rest": ("mean IoU over the other frames", ".3f"),
        "iou_last": ("IoU in the last frame", ".3f"),
        "seconds_per_frame": ("seconds per frame", ".3f"),
        "frames": ("frames", "d"),
        "sequences": ("sequences", "d"),
    }
)


def format_figure(value: float | None, number_format: str) -> str:
    """A number as the tables show it, a dash where there is none."""
    return "-" if value is None else format(value, number_format)


def print_table(title: str, rows: Rows, columns: Mapping[str, Mapping[str, Any]]) -> None:
    """Print figures, a column for each set of them."""
    table = Table("measure", title=title, title_justify="left")
    for heading in columns:
        table.add_column(heading, justify="right")
    for name, (heading, number_format) in rows.items():
        table.add_row(heading, *(format_figure(column[name], number_format) for column in columns.values()))
    Console(width=100).print(table)
