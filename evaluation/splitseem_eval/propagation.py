"""One object followed through the frames of a video, from its prompts in the first one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from splitseem_eval.clicker import PROTOCOLS, Clicker
from splitseem_model.errors import PromptError
from splitseem_model.step.replay import replay
from splitseem_proto import Click, KnownMask, PromptItem, encode_rle

if TYPE_CHECKING:  # typing only: importing this module does not need torch
    from splitseem_model.predictor import Predictor, PreparedImage
    from splitseem_model.prompt.memory import MemoryPrompt

Follow = Callable[
    ["Predictor", Iterator["PreparedImage"], Sequence[Sequence[PromptItem]]], Iterator[NDArray[np.bool_]]
]


def propagate(
    predictor: Predictor,
    frames_rgb: Iterable[NDArray[np.uint8]],
    prompts: Sequence[Sequence[PromptItem]],
    mode: str = "hint",
    *,
    canvas: int | None = None,
    codec: str | None = None,
) -> Iterator[NDArray[np.bool_]]:
    """The mask of one object in every frame, the first included; each frame is encoded once, when its turn
    comes.

    Args:
        frames_rgb: uint8 `[H, W, 3]` each, all of one size.
        prompts: of the object in the first frame, at least one; each is a step, in the order given.
        mode: how the object is followed, one of `MODES`.
        canvas, codec: as for `Predictor.encode`.
    Returns:
        bool `[H, W]`, one a frame.
    Raises:
        PromptError: an unknown mode, one that the model cannot do, or prompts that it does not take.
        ImportError: OpenCV is not installed.
    """
    if not prompts:
        raise PromptError("give at least one prompt of the object in the first frame")
    if mode not in MODES:
        raise PromptError(f"unknown mode {mode!r}; known: {', '.join(MODES)}")
    images = (predictor.encode(frame, canvas=canvas, codec=codec) for frame in frames_rgb)
    return MODES[mode](predictor, images, prompts)


def deepest_click(mask: NDArray[np.bool_]) -> Click | None:
    """A click at the pixel of a mask, bool `[H, W]`, that is farthest from its border; None when it is
    empty."""
    clicks = Clicker(mask, PROTOCOLS["ritm"]).next_clicks(np.zeros_like(mask))
    return clicks[0] if clicks else None


def following_prompts(mask: NDArray[np.bool_]) -> Sequence[Sequence[PromptItem]] | None:
    """What the next frame is asked: the mask of this one, bool `[H, W]`, as a hint, and a click where it is
    deepest, each a step; None: the mask is empty.

    `client/src/shared/prompt/following.ts` does the same; both are held to `proto/vectors/following.json`.
    """
    click = deepest_click(mask)
    if click is None:
        return None
    rle = encode_rle(mask)
    return [[KnownMask(rle.size, rle.counts, hint=True)], [click]]


def _follow_hints(
    predictor: Predictor, images: Iterator[PreparedImage], prompts: Sequence[Sequence[PromptItem]]
) -> Iterator[NDArray[np.bool_]]:
    """Every frame is asked by itself, with the mask of the frame before among its prompts, as in the page.

    Where nothing is found, the next frame gets the prompts of this one.
    """
    for image in images:
        mask, _ = _run_rounds(predictor, image, prompts, None)
        yield mask
        prompts = following_prompts(mask) or prompts


def _follow_mask(
    predictor: Predictor,
    images: Iterator[PreparedImage],
    prompts: Sequence[Sequence[PromptItem]],
    *,
    remember: bool,
) -> Iterator[NDArray[np.bool_]]:
    """Every frame is one step with a click where the mask of the frame before is deepest.

    Where nothing is found, the next frame gets the click of this one.

    Args:
        remember: whether the step also sees that mask as its memory.
    """
    memory: MemoryPrompt | None = None
    for image in images:
        mask, seen = _run_rounds(predictor, image, prompts, memory)
        yield mask
        click = deepest_click(mask)
        if click is not None:
            prompts, memory = [[click]], seen if remember else None


def _run_rounds(
    predictor: Predictor,
    image: PreparedImage,
    prompts: Sequence[Sequence[PromptItem]],
    memory: MemoryPrompt | None,
) -> tuple[NDArray[np.bool_], MemoryPrompt | None]:
    """One step per prompt, each with all before it; the last one's mask, bool `[H, W]`, and memory."""
    *_, step = replay(predictor.step, image, prompts, memory=memory)
    return predictor.mask(image, step), step.memory


def _find_again(
    predictor: Predictor, images: Iterator[PreparedImage], prompts: Sequence[Sequence[PromptItem]]
) -> Iterator[NDArray[np.bool_]]:
    """In every frame, independently of the others, find what the prompts mark in the first.

    Source: SEEM, zero-shot video object segmentation; there the example is the mask of the first frame.
    """
    first = next(images, None)
    if first is None:
        return
    region = predictor.example(first, [item for prompt in prompts for item in prompt])
    yield _run_rounds(predictor, first, prompts, None)[0]
    for image in images:
        yield predictor.mask(image, predictor.step(image, [], example=region))


MODES: Mapping[str, Follow] = MappingProxyType(
    {
        "hint": _follow_hints,
        "memory": partial(_follow_mask, remember=True),
        "click": partial(_follow_mask, remember=False),
        "example": _find_again,
    }
)
"""How an object is followed: by a click where the last mask is deepest, with that mask as a hint, with its
logits as memory, or without either; or by the prompts as an example of it."""
