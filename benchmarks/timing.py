"""Shared by the benchmarks: medians of repeated calls, machine description, raw results."""

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

RESULTS = Path(__file__).parent / "results"


def milliseconds(call: Callable[[], object], repeats: int, warm_up: int = 3) -> dict[str, float]:
    """Median and minimum of `repeats` calls."""
    for _ in range(warm_up):
        call()
    samples = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        samples.append((time.perf_counter() - began) * 1e3)
    return {"median_ms": round(statistics.median(samples), 2), "min_ms": round(min(samples), 2)}


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
        ).stdout.strip(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def write_result(name: str, rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table and keep them in results/<name>.json."""
    columns = list(rows[0])
    widths = [
        max(len(str(value)) for value in (column, *(row[column] for row in rows))) for column in columns
    ]
    for line in (dict(zip(columns, columns, strict=True)), *rows):
        print(
            "  ".join(str(line[column]).ljust(width) for column, width in zip(columns, widths, strict=True))
        )
    RESULTS.mkdir(exist_ok=True)
    result = {"machine": machine(), "rows": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
