"""What the objects of a batch should be answered with, and how well they were."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import MASK_STRIDE
from splitseem_train.batches import Batch, Vocabulary
from splitseem_train.losses import MaskTarget, Targets

OTHER_CLASS_BIAS = -1e4


def make_targets(batch: Batch, vocabulary: Vocabulary, device: torch.device) -> Targets:
    """Masks averaged to strides 4 and 8, labels as rows of the class matrix."""
    stacks = (
        np.stack([entry.mask for entry in batch.objects]),
        np.stack([np.zeros_like(e.mask) if e.ignore is None else e.ignore for e in batch.objects]),
    )
    masks, ignored = (torch.from_numpy(stack).to(device).float() for stack in stacks)

    def averaged(stride: int) -> MaskTarget:
        share, lost = (functional.avg_pool2d(m[:, None], stride)[:, 0] for m in (masks, ignored))
        return MaskTarget(share, (lost < 0.5).float())

    kinds = [(entry.dataset, entry.label) for entry in batch.objects]
    bias, index = class_targets(kinds, vocabulary)
    return Targets(
        fine=averaged(MASK_STRIDE),
        coarse=averaged(2 * MASK_STRIDE),
        class_logit_bias=bias.to(device),
        class_index=index.to(device),
    )


def class_targets(kinds: Sequence[tuple[str, str | None]], vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """For objects by set and label: the bias of the class logits `[n, K]`, and the right row int64 `[n]`, -1
    for an object without a name. See `Targets`."""
    rivals = torch.stack([vocabulary.rivals(dataset, label) for dataset, label in kinds])
    rows = torch.tensor([vocabulary.index.get(label or "", -1) for _, label in kinds])
    return torch.where(rivals, vocabulary.log_prior, OTHER_CLASS_BIAS), rows


def mask_iou(logits: Tensor, target: MaskTarget) -> Tensor:
    """IoU `[B]` of mask logits `[B, h, w]` with a target of their size, where it counts."""
    predicted, truth, counted = logits > 0, target.share > 0.5, target.counted > 0
    overlap = (predicted & truth & counted).flatten(1).sum(1)
    union = ((predicted | truth) & counted).flatten(1).sum(1)
    return overlap / union.clamp(min=1)


def label_hits(class_logits: Tensor, best: Tensor, targets: Targets) -> float:
    """Share of named objects whose answering query says the right name among those of the sample's set.

    Args:
        class_logits: `[B, Q, K]`; best: `[B]`, the query that answers.
    """
    chosen = class_logits.detach()[torch.arange(len(best), device=best.device), best]
    named = targets.class_index >= 0
    guess = (chosen + targets.class_logit_bias).argmax(-1)
    return float((guess == targets.class_index)[named].float().mean()) if named.any() else 0.0
