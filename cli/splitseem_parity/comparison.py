"""Comparing results with golden arrays, each kind of array at its own tolerance."""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

# (array name, absolute tolerance), the first match decides; integers and booleans are always compared
# exactly. A float32 and a float64 run of the official code differ by up to 8e-5 in decoder states, 5e-4 in
# mask logits and 4e-5 in the deepest backbone maps, so a few times that is rounding; a flipped attention bit
# shows as 1e-2 and more.
_TOLERANCES = (
    (r"normalized", 1e-5),
    (r"res\d|ms_\d|mask_features", 2e-4),
    (r"layer_out|token_out", 2e-4),
    (r"spatial_tokens_\d|out_ref_src_", 1e-4),
    (r"out_pred_logits|out_sim_", 1e-3),
    (r"out_pred_masks|out_sel_mask_low|out_prev_mask", 2e-3),
    (r"out_pred_|out_ref_", 1e-4),
    (r"text_embeddings|logit_scale", 1e-5),
    (r"resized_masks_|semseg_class|sem_seg_max|inst_scores", 1e-4),
    (r"token_emb_|class_", 1e-4),
)


@dataclass(frozen=True)
class Difference:
    """One compared array: the largest absolute difference, or the number of unequal elements."""

    array: str
    error: float
    tolerance: float

    @property
    def excess(self) -> float:
        """Error as a multiple of the tolerance; infinite when an exact array differs."""
        if self.tolerance > 0:
            return self.error / self.tolerance
        return float("inf") if self.error > 0 else 0.0

    def __str__(self) -> str:
        if self.tolerance == 0:
            return f"{self.error:.0f} unequal in {self.array}"
        return f"{self.error:.1e} in {self.array} (tolerance {self.tolerance:.0e})"


@dataclass
class Comparison:
    """Collects the differences of one case; an array that nothing was compared with is a failure."""

    golden: dict[str, NDArray[Any]]
    differences: list[Difference] = field(default_factory=list)

    def check(self, name: str, ours: Tensor | NDArray[Any], tolerance: float | None = None) -> None:
        """Compare a result with the golden array `name`, if the case has it.

        Values that are not finite and results of another shape count as infinitely wrong. The tolerance is
        the one of the table unless one is given.
        """
        if name not in self.golden:
            return
        self.check_against(name, ours, self.golden[name], tolerance)

    def check_against(
        self,
        name: str,
        ours: Tensor | NDArray[Any],
        expected: NDArray[Any],
        tolerance: float | None = None,
    ) -> None:
        """Compare a result with (a part of) the golden array `name`."""
        result = ours.detach().cpu().numpy() if isinstance(ours, Tensor) else np.asarray(ours)
        exact = expected.dtype.kind in "biu"
        if tolerance is None:
            tolerance = tolerance_of(name)
        self.differences.append(
            Difference(name, _error(result, expected, exact), 0.0 if exact else tolerance)
        )

    def skip(self, pattern: str) -> None:
        """Note that arrays whose name matches are left out on purpose."""
        self.golden = {name: array for name, array in self.golden.items() if not re.match(pattern, name)}

    def unchecked(self) -> list[str]:
        """Results of the case that were neither compared nor skipped."""
        compared = {difference.array for difference in self.differences}
        return [name for name in self.golden if not name.startswith("in_") and name not in compared]

    def worst(self) -> Difference:
        """The difference that is the largest multiple of its tolerance."""
        return max(self.differences, key=lambda difference: (difference.excess, difference.error))

    def within_tolerance(self) -> bool:
        """Whether every array was compared and none is beyond its tolerance."""
        return bool(self.differences) and not self.unchecked() and self.worst().excess <= 1


def tolerance_of(name: str) -> float:
    """Absolute tolerance of a floating-point array; 0 (exact) for a name no rule is for."""
    return next((tolerance for pattern, tolerance in _TOLERANCES if re.match(pattern, name)), 0.0)


def _error(result: NDArray[Any], expected: NDArray[Any], exact: bool) -> float:
    if result.shape != expected.shape:
        return float("inf")
    if exact:
        return float(np.count_nonzero(result != expected))
    if not np.isfinite(result).all():
        return float("inf")
    difference = np.abs(result.astype(np.float64) - expected.astype(np.float64))
    return float(difference.max(initial=0.0))
