"""Checkers of decoder cases through ONNX graphs: exported from the torch core on the fly, results only.

What the browser runs, the graphs with the rows that answer points, takes the cases with points of one object
a pass: queries of other groups never see those in v0 and v1, so leaving them out changes nothing. The general
graphs take the others: text, no prompt, several objects in a pass.
"""

from collections.abc import Callable
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from splitseem_export.errors import ExportError
from splitseem_export.graphs import DecoderGraphs, trace_general_graphs, trace_graphs
from splitseem_export.sessions import GraphPair
from splitseem_export.step_inputs import element, with_a_point
from splitseem_model.decode.decoder import Head
from splitseem_model.decode.wiring import Slots
from splitseem_model.errors import GraphError
from splitseem_parity.comparison import Comparison
from splitseem_parity.decoder_cases import CONFIG, check_results, golden_decoder, step_inputs
from splitseem_parity.decoder_prompts import DecoderCase
from splitseem_parity.golden_set import BrokenDown, GoldenSet

_INTERMEDIATES = r"layer_out|token_out|spatial_tokens_\d|cross_mask_\d|self_mask_\d|out_ref_src_"


class ClickCase(DecoderCase):
    """A case with points of one object a pass, for the graphs that hold the interactive queries only."""

    @cached_property
    def query_groups(self) -> dict[str, Tensor]:
        """The one group that answers points."""
        return {self.wiring.interactive: self._learned_queries(self.wiring.interactive)}

    @property
    def previous_mask(self) -> Tensor | None:
        """`[B, 1, H/4, W/4]`; zeros, which no row sees, where the case has none."""
        return _stored_or_empty(self, super().previous_mask, 1)

    def _memory_slots(self, count: int) -> list[Slots]:
        return _memory_slots(self, count)


class GeneralCase(DecoderCase):
    """A case for the general graphs: all its query groups, and a text row even when there is no text."""

    @property
    def texts(self) -> dict[str, Tensor]:
        """Row group -> its tokens `[B, T, D]`; a row that no other sees where the case has none."""
        return super().texts or {"text": torch.zeros(self.batch, 1, CONFIG.dim)}

    @property
    def previous_mask(self) -> Tensor | None:
        """`[B, M, H/4, W/4]`; zeros, which no row sees, where the case has none."""
        return _stored_or_empty(self, super().previous_mask, CONFIG.num_memories)

    def _memory_slots(self, count: int) -> list[Slots]:
        return _memory_slots(self, count)

    def _text_slots(self) -> list[Slots]:
        given = bool(super().texts)
        return [
            Slots(group, tokens.shape[1], valid=np.full(tokens.shape[:2], given))
            for group, tokens in self.texts.items()
        ]


def _stored_or_empty(case: DecoderCase, stored: Tensor | None, count: int) -> Tensor | None:
    """Masks of `count` memories, `[B, count, H/4, W/4]`; None when the wiring has no memories."""
    if not case.wiring.has_memory:
        return None
    if stored is None:
        stored = torch.zeros(case.batch, 1, *case.target.mask_features.shape[2:])
    return stored[:, :1] if count == 1 else stored.expand(-1, count, -1, -1)


def _memory_slots(case: DecoderCase, count: int) -> list[Slots]:
    """Memory rows, which no row sees when the case has no previous mask."""
    if not case.wiring.has_memory:
        return []
    given = np.full((case.batch, count), "in_prev_mask" in case.arrays)
    return [Slots("memory", count, valid=given, objects=case.memory_objects)]


@torch.inference_mode()
def check_exported(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """A decoder case through ONNX Runtime.

    Raises:
        BrokenDown: the decoder cannot be exported, or the graph not loaded.
    """
    case = DecoderCase.read(golden, name, CONFIG.num_queries)
    if case.points and not case.texts and case.num_objects == 1:
        head = _answer_of_click_graphs(case := ClickCase.read(golden, name, CONFIG.num_queries), golden)
    else:
        head = _answer_of_general_graphs(case := GeneralCase.read(golden, name, CONFIG.num_queries), golden)
    comparison.skip(_INTERMEDIATES)
    check_results(golden, case, head, comparison)


@torch.inference_mode()
def answer_exported(golden: GoldenSet, case: DecoderCase) -> Head:
    """The prediction of all query rows of a case, by the general graphs.

    Raises:
        BrokenDown: the decoder cannot be exported, or the graph not loaded.
    """
    general = GeneralCase(case.entry, case.arrays, case.target, case.reference, case.num_queries)
    return _answer_of_general_graphs(general, golden)


def _answer_of_click_graphs(case: ClickCase, golden: GoldenSet) -> Head:
    runtime = _click_runtime(golden.seed_offset, case.wiring.name, tuple(case.query_index.tolist()))
    return _answer(case, runtime, None)


def _answer_of_general_graphs(case: GeneralCase, golden: GoldenSet) -> Head:
    # The two graphs are for decoders with memories and without; who sees whom is an input of them.
    wiring = "v0" if case.wiring.has_memory else "demo"
    return _answer(case, _general_runtime(golden.seed_offset, wiring), case.query_index)


def _answer(case: DecoderCase, runtime: GraphPair, query_index: Tensor | None) -> Head:
    """The prediction of all query rows, element by element: the graphs take a batch of one."""
    prepared = runtime.prepare(case.target.levels, case.target.mask_features)
    inputs = with_a_point(step_inputs(case))
    heads = [runtime.step(prepared, element(inputs, index), query_index) for index in range(case.batch)]
    return Head(*(torch.cat(parts) for parts in zip(*heads, strict=True)))


@lru_cache(maxsize=1)
def _click_runtime(seed_offset: int, wiring: str, query_index: tuple[int, ...]) -> GraphPair:
    """Graphs of one wiring and choice of queries; the cases of a wiring follow each other."""
    return _runtime(lambda: trace_graphs(golden_decoder(seed_offset, wiring), query_index))


@lru_cache(maxsize=1)
def _general_runtime(seed_offset: int, wiring: str) -> GraphPair:
    return _runtime(lambda: trace_general_graphs(golden_decoder(seed_offset, wiring)))


def _runtime(trace: Callable[[], DecoderGraphs]) -> GraphPair:
    try:
        return GraphPair.of_graphs(trace())
    except (ExportError, GraphError) as error:
        raise BrokenDown(str(error)) from error
