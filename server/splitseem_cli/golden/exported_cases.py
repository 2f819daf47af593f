"""Checker of decoder cases through ONNX graphs: exported from the torch core on the fly, final results only.

The graphs hold the rows that answer points, and the memories. Queries of other groups never see those in v0
and v1, so leaving them out changes nothing; cases that need text rows or several objects in one pass cannot
be run.
"""

from functools import cached_property, lru_cache

import torch
from torch import Tensor

from splitseem_cli.golden.comparison import Comparison
from splitseem_cli.golden.decoder_cases import CONFIG, check_results, golden_decoder, step_inputs
from splitseem_cli.golden.decoder_prompts import DecoderCase
from splitseem_cli.golden.golden_set import BrokenDown, GoldenSet, NotSupported
from splitseem_export.errors import ExportError
from splitseem_export.graphs import trace_graphs
from splitseem_export.runtime import OnnxRuntime
from splitseem_model.decoder import Head, StepInputs
from splitseem_model.wiring import Slots

_INTERMEDIATES = r"layer_out|token_out|spatial_tokens_\d|cross_mask_\d|self_mask_\d|out_ref_src_"


class ExportedCase(DecoderCase):
    """A decoder case as the graphs take it: interactive queries only, memory rows always there."""

    @cached_property
    def query_groups(self) -> dict[str, Tensor]:
        """The one group that answers points."""
        return {self.wiring.interactive: self._learned_queries(self.wiring.interactive)}

    @property
    def previous_mask(self) -> Tensor | None:
        """`[B, 1, H/4, W/4]`; zeros, which nobody sees, where the case has none."""
        if not self.wiring.has_memory:
            return None
        height, width = self.target.mask_features.shape[2:]
        stored = self.arrays.get("in_prev_mask")
        return torch.zeros(self.batch, 1, height, width) if stored is None else torch.from_numpy(stored)

    def row_slots(self, num_memories: int) -> list[Slots]:
        """Queries, then memories; nobody sees these when the case has no previous mask."""
        rows = self._query_slots()
        if self.wiring.has_memory:
            given = torch.full((self.batch, num_memories), "in_prev_mask" in self.arrays)
            rows.append(Slots("memory", num_memories, valid=given))
        return rows


@torch.inference_mode()
def check_exported(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """A decoder case through ONNX Runtime.

    Raises:
        NotSupported: the case needs rows that the exported graphs do not have.
        BrokenDown: the decoder cannot be exported, or the graph not loaded.
    """
    case = ExportedCase.read(golden, name, CONFIG.num_queries)
    if case.texts:
        raise NotSupported("the exported step has no text rows")
    if not case.points:
        raise NotSupported("the exported step needs a point")
    if case.num_objects > 1:
        raise NotSupported("the exported step takes one object")
    runtime = _runtime(golden.seed_offset, case.wiring.name, tuple(case.query_index.tolist()))
    prepared = runtime.prepare(case.target.levels, case.target.mask_features)
    heads = [runtime.step(prepared, _element(step_inputs(case), index)) for index in range(case.batch)]
    head = Head(*(torch.cat(parts) for parts in zip(*heads, strict=True)))
    comparison.skip(_INTERMEDIATES)
    check_results(golden, case, head, comparison)


@lru_cache(maxsize=1)
def _runtime(seed_offset: int, wiring: str, query_index: tuple[int, ...]) -> OnnxRuntime:
    """Graphs of one wiring and choice of queries; the cases of a wiring follow each other."""
    try:
        return OnnxRuntime.of_graphs(trace_graphs(golden_decoder(seed_offset, wiring), query_index))
    except ExportError as error:
        raise BrokenDown(str(error)) from error


def _element(inputs: StepInputs, index: int) -> StepInputs:
    """One batch element: the graphs take a batch of one."""
    one = slice(index, index + 1)
    previous = None if inputs.previous_mask is None else inputs.previous_mask[one]
    return StepInputs(
        point_features=tuple(level[one] for level in inputs.point_features),
        point_coords=inputs.point_coords[one],
        point_labels=inputs.point_labels[one],
        attention_bias=inputs.attention_bias[one],
        previous_mask=previous,
    )
