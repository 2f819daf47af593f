"""The types of the server's problem documents: this script writes proto/vectors/problems.json.

Python is held to it in test_problem_vectors.py, TypeScript in client/test/shared/failures.test.ts: the page
has words of its own for each of them.
"""

import json
from pathlib import Path
from typing import Any

from splitseem_server.errors import PROBLEMS

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "problems.json"


def vectors() -> list[dict[str, Any]]:
    """One entry a type."""
    return [{"type": problem.type, "status": problem.status} for problem in PROBLEMS.values()]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"problems": [\n{lines}\n]}}\n', encoding="utf-8")
