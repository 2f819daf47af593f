"""Write what `benchmarks/service.py` and `benchmarks/overload.py` measured into docs/benchmarks.md:

python -m benchmarks.service_page
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.marked_places import ROOT, with_figures
from benchmarks.timing import RESULTS

PAGE = ROOT / "docs" / "benchmarks.md"
Rows = list[Mapping[str, Any]]


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_figures(text, figures(), PARTS), encoding="utf-8")


def figures() -> Mapping[str, Rows]:
    """Rows of the last runs."""
    files = {name: RESULTS / f"{name}.json" for name in ("service", "overload")}
    return {name: json.loads(file.read_text(encoding="utf-8"))["rows"] for name, file in files.items()}


def _service(measured: Mapping[str, Rows]) -> str:
    lines = ["| what | came | goal |", "|---|---|---|"]
    lines += [f"| {row['what']} | {row['value']:,g} | {row['goal']} |" for row in measured["service"]]
    return "\n".join(lines)


def _overload(measured: Mapping[str, Rows]) -> str:
    rows = measured["overload"]
    title = " | ".join(f"{row['body_bytes'] // 1000:,} kB, {_threads(row['threads'])}" for row in rows)
    lines = [f"| | {title} | goal |", "|---" * (len(rows) + 2) + "|"]
    for what, key, goal in (
        ("images a second at the peak, 8 clients", "peak_a_s", ""),
        ("at four times that", "goodput_a_s", ""),
        ("share", "share", ">= 0.9"),
        ("refused, ms: median", "refusal_ms", "< 50"),
        ("99th percentile", "refusal_p99_ms", ""),
        ("`/healthz` meanwhile, ms: 99th percentile", "healthz_p99_ms", "< 100"),
        ("neither answered nor refused", "failed", "0"),
        ("CPU of the service for an image at the peak, ms", "image_cpu_ms", ""),
        ("for a request that it refuses, ms", "refusal_cpu_ms", ""),
        ("what the clients took of a core", "clients_cpu", ""),
    ):
        lines.append(f"| {what} | {' | '.join(f'{row[key]:,g}' for row in rows)} | {goal} |")
    return "\n".join(lines)


def _threads(count: int) -> str:
    return "one thread" if count == 1 else f"{count} threads"


PARTS: Mapping[str, Callable[[Mapping[str, Rows]], str]] = {"service": _service, "overload": _overload}
"""What stands in a marked place, by its name."""


if __name__ == "__main__":
    main()
