"""Torch against ONNX Runtime for the general graphs, on a table of row choices."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from splitseem_export.errors import ParityError
from splitseem_export.io_spec import has_memory
from splitseem_export.sessions import GraphPair
from splitseem_export.verify import TOLERANCE, embed_difference, random_features, random_points
from splitseem_model.decode.decoder import PromptDecoder, StepInputs
from splitseem_model.layers.arrays import CLOSED


@dataclass(frozen=True)
class GeneralCase:
    """One interaction on random features.

    Attributes:
        cells_hw: map size in cells of stride 32.
        queries: the learned query of each query row; None: all of them, twice.
        texts: text rows.
        labels: of the points.
        objects: number of objects that the memories remember in turn.
    """

    name: str
    cells_hw: tuple[int, int]
    queries: tuple[int, ...] | None
    texts: int
    labels: tuple[int, ...]
    objects: int = 1


CASES = (
    GeneralCase("text", (3, 3), None, 5, (-1,)),
    GeneralCase("text and points", (2, 5), None, 12, (1, 0, 1)),
    GeneralCase("several objects", (5, 2), (0, 1, 2, 0, 1, 2), 1, (1, 1, 0, 1), objects=2),
    GeneralCase("one row", (3, 4), (2,), 1, (1,)),
)


@dataclass(frozen=True)
class GeneralReport:
    """Largest difference of mask and class embeddings of a case, over their standard deviation."""

    name: str
    embed_error: float

    def to_dict(self) -> dict[str, object]:
        """For the manifest."""
        return asdict(self)


@torch.inference_mode()
def verify_general(decoder: PromptDecoder, runtime: GraphPair) -> list[GeneralReport]:
    """Run every case through both.

    Raises:
        ParityError: one of them is beyond tolerance; the message names it and its error.
    """
    reports = [_verify_case(decoder, runtime, case, seed) for seed, case in enumerate(CASES)]
    wrong = [report for report in reports if not report.embed_error <= TOLERANCE]
    if wrong:
        raise ParityError(f"torch and ONNX Runtime disagree, nothing was written: {wrong}")
    return reports


def _verify_case(decoder: PromptDecoder, runtime: GraphPair, case: GeneralCase, seed: int) -> GeneralReport:
    levels, mask_features = random_features(decoder, case.cells_hw, seed)
    index = torch.tensor(case.queries or 2 * list(range(decoder.config.num_queries)))
    inputs = _random_inputs(decoder, case, levels, mask_features, len(index), seed)
    ours = decoder.step(decoder.prepare(levels, mask_features, index), inputs, index)
    theirs = runtime.step(runtime.prepare(levels, mask_features), inputs, index)
    return GeneralReport(case.name, embed_difference(ours, theirs))


def _random_inputs(
    decoder: PromptDecoder,
    case: GeneralCase,
    levels: tuple[Tensor, ...],
    mask_features: Tensor,
    num_queries: int,
    seed: int,
) -> StepInputs:
    """Who sees whom is drawn, too: it is an input of the graph."""
    config = decoder.config
    points = random_points(decoder, levels, case.labels, seed)
    memories = config.num_memories if has_memory(config) else 0
    remembered = torch.arange(memories) % case.objects
    rows = num_queries + memories + case.texts
    generator = torch.Generator().manual_seed(200 + seed)
    seen = torch.rand(1, rows, rows + len(case.labels), generator=generator) < 0.5
    seen[:, :, rows:] &= points.point_labels[:, None] >= 0
    seen |= torch.eye(rows, rows + len(case.labels), dtype=torch.bool)
    return points._replace(
        attention_bias=torch.where(seen, 0.0, CLOSED),
        previous_mask=mask_features[:, remembered] if memories else None,
        text_tokens=torch.randn(1, case.texts, config.dim, generator=generator),
    )
