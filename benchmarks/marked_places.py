"""Places in pages that are made of measured figures."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def with_figures(page: str, figures: Any, parts: Mapping[str, Callable[[Any], str]]) -> str:
    """The page with what stands in its marked places made again.

    Args:
        parts: what stands in a place, by its name.
    """

    def made(found: re.Match[str]) -> str:
        return f"{found[1]}\n{parts[found[2]](figures)}\n{found[3]}"

    pattern = r"(<!-- figures: (\w+) -->)\n.*?(<!-- end of figures -->)"
    return re.sub(pattern, made, page, flags=re.DOTALL)
