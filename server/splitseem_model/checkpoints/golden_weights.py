"""Pseudo-random weights that are a pure function of a parameter's upstream name and shape.

With them two implementations can be compared number by number without a weight file: reference vectors made
by the official code under this rule are reproduced here by filling our modules with the same rule. The gains
keep activations near unit scale and the queries distinct through all decoder layers.
"""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from splitseem_model.checkpoints.checkpoint import to_upstream_name

Draw = NDArray[np.float64]

_TABLE_ENDINGS = (
    "query_feat.weight",
    "query_embed.weight",
    "level_embed.weight",
    "level_embed",
    "pn_indicator.weight",
    "spatial_embed.weight",
    "spatial_featured.weight",
    "token_embedding.weight",
    "positional_embedding",
    "pos_embed",
    "rel_pos_h",
    "rel_pos_w",
)
_RIGHT_MATRIX_ENDINGS = ("class_embed", "lang_proj", *(f"mask_sptial_embed.{level}" for level in range(3)))
_GAINS = (
    (("in_proj_weight",), 2.0),
    (("out_proj.weight", "linear2.weight", "fn.dw.weight"), 0.2),
)


@dataclass(frozen=True)
class _Rule:
    """One line of the rule table: which parameters it is for, and their values from a normal draw."""

    matches: Callable[[str, Draw], bool]
    value: Callable[[str, Draw], Draw]


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]


def _fan_in_scaled(name: str, n: Draw) -> Draw:
    gain = next((gain for endings, gain in _GAINS if name.endswith(endings)), 1.0)
    return n * (gain / math.sqrt(math.prod(n.shape[1:])))


_RULES = (  # the first that matches decides
    _Rule(lambda name, n: n.ndim == 0, lambda name, n: 4.0 + 0.1 * n),
    _Rule(lambda name, n: name.endswith(_TABLE_ENDINGS), lambda name, n: n),
    _Rule(lambda name, n: name.endswith(_RIGHT_MATRIX_ENDINGS), lambda name, n: n / np.sqrt(n.shape[0])),
    _Rule(lambda name, n: n.ndim == 1 and _last_part(name).endswith("bias"), lambda name, n: 0.1 * n),
    _Rule(
        lambda name, n: n.ndim == 1 and _last_part(name) in ("gamma_1", "gamma_2"),
        lambda name, n: 0.5 + 0.1 * n,
    ),
    _Rule(lambda name, n: n.ndim == 1, lambda name, n: 1.0 + 0.1 * n),
    _Rule(lambda name, n: True, _fan_in_scaled),
)


def golden_value(name: str, shape: tuple[int, ...], seed_offset: int = 0) -> NDArray[np.float32]:
    """Value of one parameter.

    Args:
        name: full upstream state-dict name, for example `sem_seg_head.predictor.query_feat.weight`.
        shape: shape of the parameter; `()` for a scalar.
        seed_offset: added to the seed, the CRC-32 of the name; another offset gives other weights.
    Returns:
        float32 array of that shape.
    """
    seed = zlib.crc32(name.encode()) + seed_offset
    n = np.asarray(np.random.Generator(np.random.PCG64(seed)).standard_normal(shape or None))
    rule = next(rule for rule in _RULES if rule.matches(name, n))
    return np.asarray(rule.value(name, n), dtype=np.float32)


@torch.no_grad()
def fill_with_golden_weights(module: nn.Module, *, prefix: str = "", seed_offset: int = 0) -> None:
    """Overwrite every parameter of a module by the rule; buffers are left alone.

    Args:
        module: the whole model, or a part of it.
        prefix: name of the part in the whole model with its dot, for example `backbone.`.
        seed_offset: see `golden_value`.
    """
    for name, parameter in module.named_parameters(prefix=prefix.rstrip(".")):
        value = golden_value(to_upstream_name(name), tuple(parameter.shape), seed_offset)
        parameter.copy_(torch.from_numpy(value))
