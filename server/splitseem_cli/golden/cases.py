"""Which checker is for which case, and the verdict on a case."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from splitseem_cli.golden.comparison import Comparison
from splitseem_cli.golden.decoder_cases import check_decoder
from splitseem_cli.golden.encoder_cases import check_encoder
from splitseem_cli.golden.golden_set import KEYS_FOLDER, BrokenDown, GoldenSet, GoldenSetError, NotSupported
from splitseem_cli.golden.keys_case import check_keys
from splitseem_cli.golden.preprocess_case import check_preprocess, check_vocabulary
from splitseem_cli.golden.text_case import check_text

Checker = Callable[[GoldenSet, str, Comparison], None]
Runtime = Literal["torch", "onnx"]
Verdict = Literal["ok", "FAIL", "not supported"]


@dataclass(frozen=True)
class CaseResult:
    """Verdict on one case and the words after it; its string is the line that is printed."""

    case: str
    verdict: Verdict
    detail: str

    def __str__(self) -> str:
        return f"{self.case} {self.verdict}{':' if self.verdict == 'not supported' else ''} {self.detail}"


def _unsupported(reason: str) -> Checker:
    def check(golden: GoldenSet, name: str, comparison: Comparison) -> None:
        raise NotSupported(reason)

    return check


def _check_exported(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """`check_exported`, loaded when it is needed: it brings ONNX Runtime with it."""
    from splitseem_cli.golden.exported_cases import check_exported

    check_exported(golden, name, comparison)


_DECODER_CASE = r"(demo|v0|v1)_\w+"
_KEYS_CASE = rf"{KEYS_FOLDER}/\w+"
_CHECKERS: dict[Runtime, tuple[tuple[str, Checker], ...]] = {
    # The first pattern that is the whole name decides.
    "torch": (
        (r"encoder_\w+", check_encoder),
        (r"preprocess", check_preprocess),
        (r"vocab", check_vocabulary),
        (r"text", check_text),
        (r"(postprocess_)?generic(_\w+)?", _unsupported("no panoptic post-processing in this version")),
        (_KEYS_CASE, check_keys),
        (_DECODER_CASE, check_decoder),
        (r".*", _unsupported("unknown kind of case")),
    ),
    "onnx": (
        (_KEYS_CASE, check_keys),
        (_DECODER_CASE, _check_exported),
        (r".*", _unsupported("only the decoder is exported")),
    ),
}


def judge(golden: GoldenSet, name: str, runtime: Runtime) -> CaseResult:
    """Run one case.

    A case whose files are incomplete, or on which our code breaks down, fails like one that is beyond
    tolerance.
    """
    checker = next(checker for pattern, checker in _CHECKERS[runtime] if re.fullmatch(pattern, name))
    try:
        comparison = Comparison(golden.arrays(name))
        checker(golden, name, comparison)
    except NotSupported as reason:
        return CaseResult(name, "not supported", str(reason))
    except (GoldenSetError, BrokenDown, KeyError, IndexError, ValueError, RuntimeError) as error:
        return CaseResult(name, "FAIL", f"{type(error).__name__}: {error}")
    if comparison.unchecked() or not comparison.differences:
        return CaseResult(name, "FAIL", f"not compared: {', '.join(comparison.unchecked()) or 'anything'}")
    return CaseResult(name, "ok" if comparison.within_tolerance() else "FAIL", str(comparison.worst()))
