"""Torch against ONNX Runtime on a table of prompts. Without it no file is written."""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from splitseem_export.errors import ParityError
from splitseem_export.io_spec import has_memory
from splitseem_export.refiner_graphs import check_same, random_case
from splitseem_export.sessions import GraphPair, OnnxRefiner
from splitseem_model.decode.decoder import Head, PromptDecoder, StepInputs
from splitseem_model.decode.wiring import WIRINGS, Slots, attention_bias
from splitseem_model.layers.sampling import sample_points
from splitseem_model.mask.refiner import MaskRefiner, RefinerInputs
from splitseem_model.mask.selection import selection_scores

TOLERANCE = 1e-3
"""Largest difference allowed in any output, relative to its standard deviation: float32 sums in another order
give some 1e-5; a flipped cell of an attention mask gives far more."""
MIN_MASK_IOU = 0.999


@dataclass(frozen=True)
class VerificationCase:
    """One interaction on random features: map size in cells of stride 32, point labels, memory or not."""

    name: str
    cells_hw: tuple[int, int]
    labels: tuple[int, ...]
    memory: bool


CASES = (
    VerificationCase("one point", (3, 3), (1,), memory=False),
    VerificationCase("many points", (3, 3), (1,) * 40, memory=False),
    VerificationCase("positive and negative points", (4, 4), (1, 0, 1, 0), memory=False),
    VerificationCase("padded slots", (3, 3), (1, -1, -1), memory=False),
    VerificationCase("no point", (3, 3), (-1,), memory=False),
    VerificationCase("with memory", (3, 3), (1, 0), memory=True),
    VerificationCase("wide image", (2, 5), (1, 0, 1), memory=False),
    VerificationCase("tall image with memory", (6, 2), (1, 1, 0), memory=True),
)
BOX_CASE = VerificationCase("box", (3, 4), (2, 3), memory=False)


@dataclass(frozen=True)
class CaseReport:
    """How far the graphs are from the core in one case.

    Attributes:
        embed_error: largest absolute difference of mask and class embeddings over their standard deviation.
        logit_error: the same of the selected mask's logits; mask_iou: of the two masks.
        same_query: whether both select the same query.
    """

    name: str
    embed_error: float
    logit_error: float
    mask_iou: float
    same_query: bool

    @property
    def ok(self) -> bool:
        """Within the tolerances."""
        return (
            self.same_query
            and self.mask_iou >= MIN_MASK_IOU
            and max(self.embed_error, self.logit_error) <= TOLERANCE
        )

    def to_dict(self) -> dict[str, object]:
        """For the manifest."""
        return asdict(self)


def verify(decoder: PromptDecoder, runtime: GraphPair) -> list[CaseReport]:
    """Run every case through both.

    Raises:
        ParityError: one of them is beyond tolerance; the message names it and its errors.
    """
    reports = compare(decoder, runtime)
    wrong = [report for report in reports if not report.ok]
    if wrong:
        raise ParityError(f"torch and ONNX Runtime disagree, nothing was written: {wrong}")
    return reports


def compare(decoder: PromptDecoder, runtime: GraphPair) -> list[CaseReport]:
    """Run every case through both, whatever the difference."""
    cases = [*CASES, *([BOX_CASE] if decoder.config.num_point_labels > BOX_CASE.labels[-1] else [])]
    return [_compare_case(decoder, runtime, case, seed) for seed, case in enumerate(cases)]


@torch.inference_mode()
def _compare_case(
    decoder: PromptDecoder, runtime: GraphPair, case: VerificationCase, seed: int
) -> CaseReport:
    config = decoder.config
    index = torch.tensor(WIRINGS[config.wiring].interactive_queries(config.num_queries))
    levels, mask_features = random_features(decoder, case.cells_hw, seed)
    inputs, at_points = random_inputs(decoder, case, levels, mask_features, seed)
    ours = decoder.step(decoder.prepare(levels, mask_features, index), inputs, index)
    theirs = runtime.step(runtime.prepare(levels, mask_features), inputs)

    best, other = (
        int(
            selection_scores(
                config,
                head.mask_embed.numpy(),
                head.quality.numpy(),
                at_points.numpy(),
                inputs.point_labels.numpy(),
            ).argmax()
        )
        for head in (ours, theirs)
    )
    ours_logits, theirs_logits = (
        torch.einsum("c,chw->hw", head.mask_embed[0, best], mask_features[0]) for head in (ours, theirs)
    )
    return CaseReport(
        case.name,
        embed_error=embed_difference(ours, theirs),
        logit_error=_relative(ours_logits, theirs_logits),
        mask_iou=mask_iou(ours_logits > 0, theirs_logits > 0),
        same_query=best == other,
    )


REFINER_CASES = (
    ("one point", (3, 3), (1,)),
    ("box and clicks of both labels", (2, 5), (2, 3, 1, 0)),
    ("many points and padding", (5, 2), (1, 0, -1) * 12),
    ("no point", (3, 4), (-1,)),
)
"""Name, map size in cells of stride 32 and point labels."""


@torch.inference_mode()
def verify_refiner(refiner: MaskRefiner, runtime: OnnxRefiner) -> list[dict[str, object]]:
    """Run every case through both.

    Returns:
        name and largest difference of a mask logit of each case, for the manifest.
    Raises:
        ParityError: one of them is beyond tolerance.
    """
    reports: list[dict[str, object]] = []
    for seed, (name, cells_hw, labels) in enumerate(REFINER_CASES):
        maps, inputs = random_case(refiner, cells_hw, labels, seed)
        ours = refiner(refiner.prepare(*maps), *inputs)
        theirs = runtime.refine(runtime.look(*maps), RefinerInputs(*inputs))
        reports.append({"name": name, "logit_error": check_same(name, ours, theirs)})
    return reports


def embed_difference(ours: Head, theirs: Head) -> float:
    """Largest difference of mask and class embeddings over their standard deviation."""
    return max(_relative(ours.mask_embed, theirs.mask_embed), _relative(ours.class_embed, theirs.class_embed))


def _relative(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / ours.std().clamp(min=1e-6))


def mask_iou(a: Tensor, b: Tensor) -> float:
    """Of two boolean masks; 1 when both are empty."""
    union = int((a | b).sum())
    return 1.0 if union == 0 else int((a & b).sum()) / union


def random_features(
    decoder: PromptDecoder, cells_hw: tuple[int, int], seed: int
) -> tuple[tuple[Tensor, ...], Tensor]:
    """Levels and mask features of that number of cells of stride 32, smooth: white noise would put every
    cell of a mask next to the threshold."""
    generator = torch.Generator().manual_seed(seed)
    height, width = cells_hw
    coarse = torch.randn(1, decoder.config.dim + decoder.config.mask_dim, height, width, generator=generator)

    def resized(part: Tensor, factor: int) -> Tensor:
        if factor == 1:
            return part.contiguous()
        return torch.nn.functional.interpolate(
            part, scale_factor=factor, mode="bilinear", align_corners=False
        )

    dims = decoder.config.level_channels
    masks = resized(coarse[:, decoder.config.dim :], 8)
    return tuple(resized(coarse[:, :dim], 1 << i) for i, dim in enumerate(dims)), masks


def random_points(
    decoder: PromptDecoder, levels: tuple[Tensor, ...], labels: tuple[int, ...], seed: int
) -> StepInputs:
    """Points at random places of the maps; an empty attention bias, no memory and no text."""
    generator = torch.Generator().manual_seed(100 + seed)
    height, width = (32 * cells for cells in levels[0].shape[2:])
    size = torch.tensor([width, height], dtype=torch.float32)
    coords = torch.rand(1, len(labels), 2, generator=generator) * size
    rule = decoder.config.point_sampling
    sampled = tuple(sample_points(level, coords, (height, width), rule) for level in levels)
    return StepInputs(sampled, coords / size, torch.tensor([labels]), torch.empty(0))


def random_inputs(
    decoder: PromptDecoder,
    case: VerificationCase,
    levels: tuple[Tensor, ...],
    mask_features: Tensor,
    seed: int,
) -> tuple[StepInputs, Tensor]:
    config = decoder.config
    points = random_points(decoder, levels, case.labels, seed)
    padded_hw = (32 * case.cells_hw[0], 32 * case.cells_hw[1])
    wiring = WIRINGS[config.wiring]
    rows = [Slots(wiring.interactive, len(wiring.interactive_queries(config.num_queries)))]
    previous = None
    if has_memory(config):
        given = np.full((1, config.num_memories), case.memory)
        rows.append(Slots("memory", config.num_memories, valid=given))
        previous = mask_features[:, :1] * float(case.memory)
    keys = [Slots("point", len(case.labels), valid=points.point_labels.numpy() >= 0)]
    inputs = points._replace(
        attention_bias=torch.from_numpy(attention_bias(wiring, rows, keys, batch=1)), previous_mask=previous
    )
    coords = points.point_coords * torch.tensor([padded_hw[1], padded_hw[0]])
    return inputs, sample_points(mask_features, coords, padded_hw, config.point_sampling)
