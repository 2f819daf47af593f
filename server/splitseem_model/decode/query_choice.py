"""Which learned queries answer points, in wirings that take a few for each object (v1)."""

from collections.abc import Callable

import torch

from splitseem_model.config import DecoderConfig
from splitseem_model.decode.wiring import WIRINGS

QueryChoice = Callable[[int], tuple[int, ...]]
"""Number of objects in a pass -> the learned query of each of their rows, those of one object together."""


def drawn_queries(config: DecoderConfig, seed: int) -> QueryChoice:
    """Draw them anew for every pass, uniformly and with replacement, as the official code does.

    Two passes with the same prompts then differ; two choices with the same seed do not.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = len(WIRINGS[config.wiring].interactive_queries(config.num_queries))

    def draw(objects: int) -> tuple[int, ...]:
        drawn = torch.randint(config.num_queries, (objects * rows,), generator=generator)
        return tuple(drawn.tolist())

    return draw
