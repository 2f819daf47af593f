"""Which checker is for which case, and the verdict on a case."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from splitseem_cli.golden.comparison import Comparison
from splitseem_cli.golden.decoder_cases import check_decoder
from splitseem_cli.golden.encoder_cases import check_focal_l, check_focal_t
from splitseem_cli.golden.golden_set import GoldenSet, GoldenSetError
from splitseem_cli.golden.preprocess_case import check_preprocess, check_vocabulary

Checker = Callable[[GoldenSet, str, Comparison], None]
Runtime = Literal["torch", "onnx"]
Verdict = Literal["ok", "FAIL", "not supported"]


@dataclass(frozen=True)
class Unsupported:
    """Why a case cannot be checked by this version."""

    reason: str


@dataclass(frozen=True)
class CaseResult:
    """Verdict on one case and the words after it; its string is the line that is printed."""

    case: str
    verdict: Verdict
    detail: str

    def __str__(self) -> str:
        return f"{self.case} {self.verdict}{':' if self.verdict == 'not supported' else ''} {self.detail}"


_DECODER_CASE = r"(demo|v0|v1)_\w+"
_CHECKERS: dict[Runtime, tuple[tuple[str, Checker | Unsupported], ...]] = {
    # The first pattern that is the whole name decides.
    "torch": (
        (r"encoder_focalt_\w+", check_focal_t),
        (r"encoder_focall", check_focal_l),
        (r"encoder_davit\w+", Unsupported("no DaViT backbone in this version")),
        (r"encoder_samvit\w+", Unsupported("no SAM-ViT backbone in this version")),
        (r"preprocess", check_preprocess),
        (r"vocab", check_vocabulary),
        (r"text", Unsupported("no text encoder in this version")),
        (r"(postprocess_)?generic(_\w+)?", Unsupported("no panoptic post-processing in this version")),
        (_DECODER_CASE, check_decoder),
    ),
}


def judge(golden: GoldenSet, name: str, runtime: Runtime) -> CaseResult:
    """Run one case.

    A case whose files are incomplete, or on which our code breaks down, fails like one that is beyond
    tolerance.
    """
    checker = _checker_of(name, runtime)
    if isinstance(checker, Unsupported):
        return CaseResult(name, "not supported", checker.reason)
    try:
        comparison = Comparison(golden.arrays(name))
        checker(golden, name, comparison)
    except (GoldenSetError, KeyError, IndexError, ValueError, RuntimeError) as error:
        return CaseResult(name, "FAIL", f"{type(error).__name__}: {error}")
    if comparison.unchecked():
        return CaseResult(name, "FAIL", f"not compared: {', '.join(comparison.unchecked())}")
    return CaseResult(name, "ok" if comparison.within_tolerance() else "FAIL", str(comparison.worst()))


def _checker_of(name: str, runtime: Runtime) -> Checker | Unsupported:
    matching = (checker for pattern, checker in _CHECKERS[runtime] if re.fullmatch(pattern, name))
    return next(matching, Unsupported("unknown kind of case"))
