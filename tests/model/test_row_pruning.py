"""Rows of the decoder that are left out."""

import pytest
import torch

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.row_pruning import prune_rows

pytestmark = pytest.mark.unit


def test_all_rows_are_the_model_itself() -> None:
    model = load_model("tiny")
    decoder = model.config.decoder
    same = prune_rows(model, range(decoder.num_queries), decoder.num_memories)
    assert same.config == model.config
    for name, value in model.state_dict().items():
        torch.testing.assert_close(same.state_dict()[name], value)


def test_kept_rows_are_in_the_order_given() -> None:
    model = load_model("tiny")
    pruned = prune_rows(model, [2, 0], 1)
    torch.testing.assert_close(
        pruned.decoder.query_feat.weight, model.decoder.query_feat.weight[torch.tensor([2, 0])]
    )
    torch.testing.assert_close(pruned.decoder.spatial_embed.weight, model.decoder.spatial_embed.weight[:1])
    assert (pruned.config.decoder.num_queries, pruned.config.decoder.num_memories) == (2, 1)


@pytest.mark.parametrize(("queries", "memories"), [([], 1), ([99], 1), ([0], 0), ([0], 99)])
def test_rows_that_the_model_does_not_have_are_refused(queries: list[int], memories: int) -> None:
    with pytest.raises(ValueError, match="of a model that has"):
        prune_rows(load_model("tiny"), queries, memories)
