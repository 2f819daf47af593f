"""Fewer rows in the decoder: without the learned queries that never answer, and with fewer memories.

A row costs the same at every click whether it answers or not. What is left out was also seen by the rows that
stay, so masks change a little; a short further training makes up for it.
"""

from collections.abc import Sequence
from dataclasses import replace

from splitseem_model.network import SegmentationModel


def prune_rows(model: SegmentationModel, queries: Sequence[int], num_memories: int) -> SegmentationModel:
    """The model with these learned queries, in this order, and that many memories, the first ones.

    Raises:
        ValueError: no query or memory, or one that the model does not have.
    """
    decoder = model.config.decoder
    if not queries or not set(queries) <= set(range(decoder.num_queries)):
        raise ValueError(f"queries {list(queries)} of a model that has {decoder.num_queries}")
    if not 0 < num_memories <= decoder.num_memories:
        raise ValueError(f"{num_memories} memories of a model that has {decoder.num_memories}")
    state = model.state_dict()
    for names, kept in (
        (("query_feat", "query_embed"), list(queries)),
        (("spatial_featured", "spatial_embed"), list(range(num_memories))),
    ):
        for name in names:
            state[f"decoder.{name}.weight"] = state[f"decoder.{name}.weight"][kept]
    smaller = replace(decoder, num_queries=len(queries), num_memories=num_memories)
    pruned = SegmentationModel(replace(model.config, decoder=smaller))
    pruned.load_state_dict(state)
    return pruned.eval()
