"""The decoder core: what may and what must not change its answer."""

import numpy as np
import pytest
import torch
from torch import Tensor

from splitseem_model.config import TINY, DecoderConfig, preset
from splitseem_model.decode.decoder import Head, PromptDecoder, StepInputs, Trace, close_background
from splitseem_model.decode.wiring import WIRINGS, Slots, attention_bias
from splitseem_model.layers.levels import average_to_levels
from splitseem_model.layers.sampling import sample_points

pytestmark = pytest.mark.unit
PADDED_HW = (64, 96)
CONFIG = TINY.decoder
INDEX = torch.arange(CONFIG.num_queries)


@pytest.fixture(scope="module")
def decoder() -> PromptDecoder:
    torch.manual_seed(3)
    return PromptDecoder(CONFIG).eval()


def features(batch: int = 1, config: DecoderConfig = CONFIG) -> tuple[list[Tensor], Tensor]:
    generator = torch.Generator().manual_seed(1)
    height, width = PADDED_HW
    levels = [
        torch.randn(batch, config.dim, height // s, width // s, generator=generator) for s in (32, 16, 8)
    ]
    return levels, torch.randn(batch, config.mask_dim, height // 4, width // 4, generator=generator)


def run(
    decoder: PromptDecoder,
    coords: list[list[float]],
    labels: list[int],
    *,
    memory: Tensor | None = None,
    trace: Trace | None = None,
) -> Head:
    levels, mask_features = features()
    config = decoder.config
    points, marks = torch.tensor([coords]), torch.tensor([labels])
    given = np.full((1, config.num_memories), memory is not None)
    rows = [Slots("spatial", config.num_queries), Slots("memory", config.num_memories, valid=given)]
    bias = attention_bias(
        WIRINGS["nano"], rows, [Slots("point", len(labels), valid=marks.numpy() >= 0)], batch=1
    )
    inputs = StepInputs(
        tuple(sample_points(level, points, PADDED_HW, "centre") for level in levels),
        points / torch.tensor([PADDED_HW[1], PADDED_HW[0]]),
        marks,
        torch.from_numpy(bias),
        mask_features[:, :1] * 0 if memory is None else memory,
    )
    with torch.inference_mode():
        return decoder.step(decoder.prepare(levels, mask_features, INDEX), inputs, INDEX, trace)


def same(a: Head, b: Head) -> bool:
    return all(torch.allclose(x, y, atol=1e-5) for x, y in zip(a, b, strict=True))


def test_a_click_changes_the_answer(decoder: PromptDecoder) -> None:
    assert not same(run(decoder, [[10.0, 10.0]], [1]), run(decoder, [[80.0, 50.0]], [1]))


def test_the_sign_of_a_click_changes_the_answer(decoder: PromptDecoder) -> None:
    assert not same(run(decoder, [[10.0, 10.0]], [1]), run(decoder, [[10.0, 10.0]], [0]))


def test_the_order_of_points_does_not_matter(decoder: PromptDecoder) -> None:
    first = run(decoder, [[10.0, 10.0], [80.0, 50.0]], [1, 0])
    assert same(first, run(decoder, [[80.0, 50.0], [10.0, 10.0]], [0, 1]))


def test_contents_of_padded_slots_do_not_matter(decoder: PromptDecoder) -> None:
    alone = run(decoder, [[10.0, 10.0]], [1])
    assert same(alone, run(decoder, [[10.0, 10.0], [3.0, 60.0], [90.0, 1.0]], [1, -1, -1]))


def test_memory_changes_the_answer(decoder: PromptDecoder) -> None:
    previous = torch.zeros(1, 1, 16, 24) - 1
    previous[..., 4:10, 4:10] = 5
    assert not same(run(decoder, [[10.0, 10.0]], [1]), run(decoder, [[10.0, 10.0]], [1], memory=previous))


def test_an_empty_previous_mask_lets_memories_look_everywhere(decoder: PromptDecoder) -> None:
    empty, full = torch.full((1, 1, 16, 24), -1.0), torch.full((1, 1, 16, 24), 1.0)
    assert same(
        run(decoder, [[10.0, 10.0]], [1], memory=empty), run(decoder, [[10.0, 10.0]], [1], memory=full)
    )


def test_absent_memory_rows_equal_unseen_ones(decoder: PromptDecoder) -> None:
    levels, mask_features = features()
    points, marks = torch.tensor([[[10.0, 10.0]]]), torch.tensor([[1]])
    bias = attention_bias(
        WIRINGS["nano"], [Slots("spatial", CONFIG.num_queries)], [Slots("point", 1)], batch=1
    )
    inputs = StepInputs(
        tuple(sample_points(level, points, PADDED_HW, "centre") for level in levels),
        points / torch.tensor([PADDED_HW[1], PADDED_HW[0]]),
        marks,
        torch.from_numpy(bias),
    )
    with torch.inference_mode():
        without = decoder.step(decoder.prepare(levels, mask_features, INDEX), inputs, INDEX)
    assert same(without, run(decoder, [[10.0, 10.0]], [1]))


def test_a_batch_equals_its_samples_one_by_one(decoder: PromptDecoder) -> None:
    levels, mask_features = features(batch=2)
    points = torch.tensor([[[10.0, 10.0]], [[70.0, 30.0]]])
    bias = attention_bias(
        WIRINGS["nano"], [Slots("spatial", CONFIG.num_queries)], [Slots("point", 1)], batch=2
    )

    def answer(part: slice) -> Head:
        inputs = StepInputs(
            tuple(sample_points(level[part], points[part], PADDED_HW, "centre") for level in levels),
            points[part] / torch.tensor([PADDED_HW[1], PADDED_HW[0]]),
            torch.ones(2, 1, dtype=torch.int64)[part],
            torch.from_numpy(bias)[part],
        )
        prepared = decoder.prepare([level[part] for level in levels], mask_features[part], INDEX)
        return decoder.step(prepared, inputs, INDEX)

    with torch.inference_mode():
        both, one, two = answer(slice(0, 2)), answer(slice(0, 1)), answer(slice(1, 2))
    assert same(both, Head(*(torch.cat([a, b]) for a, b in zip(one, two, strict=True))))


def test_level_averages_equal_a_half_pixel_bilinear_resize() -> None:
    x = torch.randn(2, 3, 16, 24)
    for level, size in zip(average_to_levels(x), ((2, 3), (4, 6), (8, 12)), strict=True):
        resized = torch.nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
        torch.testing.assert_close(level, resized.flatten(2), atol=1e-6, rtol=0)


def test_a_row_closed_everywhere_is_opened_everywhere() -> None:
    logits = torch.tensor([[[-1.0, -2.0], [1.0, -1.0], [0.0, -3.0]]])
    assert close_background(logits).tolist() == [[[False, False], [False, True], [False, True]]]


def test_trace_holds_one_entry_a_layer(decoder: PromptDecoder) -> None:
    trace = Trace()
    run(decoder, [[10.0, 10.0]], [1], trace=trace)
    assert [len(part) for part in (trace.states, trace.heads, trace.tokens)] == [3, 3, 3]
    assert len(trace.closed) == 2  # layer 0's is made by `prepare`


@pytest.mark.parametrize("name", ["focalt-demo", "focalt-v0", "focalt-v1"])
def test_official_decoders_have_the_published_number_of_parameters(name: str) -> None:
    with torch.device("meta"):
        decoder = PromptDecoder(preset(name).decoder)
    assert sum(p.numel() for p in decoder.parameters()) == 39_812_608
