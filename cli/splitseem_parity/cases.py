"""Which checker is for which case, and the verdict on a case."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from splitseem_parity.comparison import Comparison
from splitseem_parity.decoder_cases import check_decoder
from splitseem_parity.encoder_cases import check_encoder
from splitseem_parity.golden_set import KEYS_FOLDER, BrokenDown, GoldenSet, GoldenSetError, NotSupported
from splitseem_parity.keys_case import check_keys
from splitseem_parity.preprocess_case import check_preprocess, check_vocabulary
from splitseem_parity.task_cases import check_generic, check_postprocess
from splitseem_parity.text_case import check_text

Checker = Callable[[GoldenSet, str, Comparison], None]
Runtime = Literal["torch", "onnx"]
Verdict = Literal["ok", "FAIL", "not supported"]


@dataclass(frozen=True)
class CaseResult:
    """Verdict on one case, what ran it and the words after it; its string is the line that is printed."""

    case: str
    verdict: Verdict
    runtime: Runtime
    detail: str

    def __str__(self) -> str:
        colon = ":" if self.verdict == "not supported" else ""
        return f"{self.case} {self.verdict}{colon} {self.detail} [{self.runtime}]"


@dataclass(frozen=True)
class Kind:
    """Cases of one kind.

    Attributes:
        names: pattern of their whole names.
        in_torch: their checker.
        in_onnx: the one with the decoder in ONNX Runtime; None for cases without a decoder.
    """

    names: str
    in_torch: Checker
    in_onnx: Checker | None = None


def _unknown(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    raise NotSupported("unknown kind of case")


# ONNX Runtime is imported by the first case that needs it.
def _check_decoder_exported(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    from splitseem_parity.exported_cases import check_exported

    check_exported(golden, name, comparison)


def _check_generic_exported(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    from splitseem_parity.exported_cases import answer_exported

    check_generic(golden, name, comparison, answer_exported)


_KINDS = (
    # The first pattern that is the whole name decides.
    Kind(r"encoder_\w+", check_encoder),
    Kind(r"preprocess", check_preprocess),
    Kind(r"vocab", check_vocabulary),
    Kind(r"text", check_text),
    Kind(r"postprocess_generic", check_postprocess),
    Kind(r"generic_(demo|v0|v1)", check_generic, _check_generic_exported),
    Kind(rf"{KEYS_FOLDER}/\w+", check_keys),
    Kind(r"(demo|v0|v1)_\w+", check_decoder, _check_decoder_exported),
    Kind(r".*", _unknown),
)


def judge(golden: GoldenSet, name: str, runtime: Runtime) -> CaseResult:
    """Run one case; what is not of the decoder runs in torch whatever the runtime.

    A case whose files are incomplete, or on which our code breaks down, fails like one that is beyond
    tolerance.
    """
    kind = next(kind for kind in _KINDS if re.fullmatch(kind.names, name))
    exported = kind.in_onnx if runtime == "onnx" else None
    result = partial(CaseResult, name, runtime="torch" if exported is None else "onnx")
    try:
        comparison = Comparison(golden.arrays(name))
        (exported or kind.in_torch)(golden, name, comparison)
    except NotSupported as reason:
        return result(verdict="not supported", detail=str(reason))
    except (GoldenSetError, BrokenDown, KeyError, IndexError, ValueError, RuntimeError) as error:
        return result(verdict="FAIL", detail=f"{type(error).__name__}: {error}")
    if comparison.unchecked() or not comparison.differences:
        return result(
            verdict="FAIL", detail=f"not compared: {', '.join(comparison.unchecked()) or 'anything'}"
        )
    return result(verdict="ok" if comparison.within_tolerance() else "FAIL", detail=str(comparison.worst()))
