"""From the decoder's prediction to what golden decoder cases store: logits, scores, selection, masks."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from splitseem_model.config import DecoderConfig
from splitseem_model.decode.decoder import Head
from splitseem_model.layers.arrays import cosines
from splitseem_model.layers.unit import unit
from splitseem_model.mask.postprocess import mask_of_image
from splitseem_model.mask.selection import MAX_TEXT_SCALE, selection_scores
from splitseem_parity.comparison import Comparison
from splitseem_parity.decoder_prompts import DecoderCase, PointGroup
from splitseem_proto.geometry import ImageGeometry

_NO_NEGATIVES = {"demo": 0.0, "v0": 0.0, "v1": -1.0}
_EVERY = 10


@dataclass(frozen=True)
class Results:
    """Everything a case may ask for, computed from the final head of all query rows.

    Attributes:
        class_matrix: `[K, E]` unit rows; logit_scale: exponent of the learned temperature.
    """

    case: DecoderCase
    config: DecoderConfig
    head: Head
    class_matrix: Tensor
    logit_scale: float

    def check(self, comparison: Comparison) -> None:
        """Compare every result the case stores."""
        self._check_embeddings(comparison)
        self._check_pools(comparison)
        self._check_point_selection(comparison)
        self._check_text_selection(comparison)
        self._check_selected(comparison)

    @cached_property
    def _heads(self) -> dict[str, Head]:
        """Query group -> its part of the prediction."""
        sizes = [len(index) for index in self.case.query_groups.values()]
        parts = zip(*(torch.split(tensor, sizes, dim=1) for tensor in self.head), strict=True)
        return {group: Head(*part) for group, part in zip(self.case.query_groups, parts, strict=True)}

    def _mask_logits(self, mask_embed: Tensor) -> Tensor:
        """`[B, Q, C]` -> `[B, Q, H/4, W/4]`."""
        return torch.einsum(
            "bqc,bchw->bqhw", mask_embed, self.case.target.batch(len(mask_embed)).mask_features
        )

    def _class_logits(self, class_embed: Tensor) -> Tensor:
        return torch.tensor(self.logit_scale).exp() * unit(class_embed) @ self.class_matrix.T

    def _check_embeddings(self, comparison: Comparison) -> None:
        heads = self._heads
        if "object" in heads:
            comparison.check("out_pred_logits", self._class_logits(heads["object"].class_embed))
            comparison.check("out_pred_maskembs", heads["object"].mask_embed)
            comparison.check("out_pred_captions", heads["object"].class_embed)
            sampled = heads["object"].mask_embed[:, ::_EVERY]
            comparison.check("out_pred_masks_every10", self._mask_logits(sampled))
        if "grounding" in heads:
            comparison.check("out_pred_gtexts", heads["grounding"].class_embed)
        if "spatial" in heads:
            comparison.check("out_pred_smaskembs", heads["spatial"].mask_embed)
            comparison.check("out_pred_stexts", heads["spatial"].class_embed)

    def _check_pools(self, comparison: Comparison) -> None:
        empty, objects = _NO_NEGATIVES[self.case.variant], self.case.num_objects
        for group in self.case.points:
            positive, negative = group.pooled(1, objects, 0.0), group.pooled(0, objects, empty)
            if group.group == "point":
                comparison.check("out_pred_pspatials", positive)
                comparison.check("out_pred_nspatials", negative)
            else:
                comparison.check("out_pred_pvisuals", positive)
            if group.features is self.case.reference:
                comparison.check("out_ref_visual_query_pos", positive)
                comparison.check("out_ref_visual_query_neg", negative)
                comparison.check("out_ref_spatial_query_pos", positive)

    @property
    def _answering(self) -> str:
        """The query group that answers points."""
        return "spatial" if "spatial" in self._heads else "object"

    @cached_property
    def _point_scores(self) -> dict[str, Tensor]:
        """Golden suffix -> `[B, Q, objects]` scores of the queries for each point group."""
        suffix_of_group = {
            "visual": "visual",
            "point": "stroke" if self.case.variant == "demo" else "spatial",
        }
        return {suffix_of_group[group.group]: self._scores(group) for group in self.case.points}

    def _scores(self, group: PointGroup) -> Tensor:
        head = self._heads[self._answering]
        features = group.sampled_mask_features().numpy()
        embed, quality = head.mask_embed.numpy(), head.quality.numpy()
        scores = [
            selection_scores(self.config, embed, quality, features, group.labels_of_object(index).numpy())
            for index in range(self.case.num_objects)
        ]
        return torch.from_numpy(np.stack(scores, axis=2))

    @cached_property
    def _point_selection(self) -> dict[str, Tensor]:
        """Golden suffix -> `[B, objects]` index of the answering query of each object."""
        return {
            suffix: self._own_rows_only(scores).argmax(1) for suffix, scores in self._point_scores.items()
        }

    def _own_rows_only(self, scores: Tensor) -> Tensor:
        """Scores `[B, Q, objects]` with -inf where a query belongs to another object."""
        per_object = self.case.wiring.queries_per_object
        if per_object is None:
            return scores
        owner = torch.arange(scores.shape[1]) // per_object
        foreign = owner[:, None] != torch.arange(scores.shape[2])[None, :]
        return scores.masked_fill(foreign, float("-inf"))

    def _check_point_selection(self, comparison: Comparison) -> None:
        for suffix, scores in self._point_scores.items():
            batched = self.case.variant != "demo"
            comparison.check(f"out_sim_{suffix}", scores if batched else scores[0])
            comparison.check(f"out_sel_{suffix}", self._point_selection[suffix].flatten())

    @cached_property
    def _text_scores(self) -> dict[str, Tensor]:
        """Golden suffix -> `[Q, texts]` scaled cosine of class embedding and sentence vector."""
        answering = "object" if self.case.variant == "demo" else "grounding"
        stored = {"text": "in_text_class_emb", "audio": "in_audio_class_emb"}
        scale = torch.tensor(self.logit_scale).exp().clamp(max=MAX_TEXT_SCALE)
        return {
            suffix: scale
            * torch.from_numpy(cosines(self._heads[answering].class_embed[0].numpy(), self.case.arrays[name]))
            for suffix, name in stored.items()
            if name in self.case.arrays
        }

    def _check_text_selection(self, comparison: Comparison) -> None:
        for suffix, scores in self._text_scores.items():
            comparison.check(f"out_sim_{suffix}", scores)
            comparison.check(f"out_sel_{suffix}", scores.argmax(0))

    def _check_selected(self, comparison: Comparison) -> None:
        """Masks (and in the demo the class) of the query that answers the case."""
        if not self._point_selection and not self._text_scores:
            return
        group, selected = self._selected()
        head = self._heads[group]
        rows = selected.unsqueeze(-1)
        mask_embed = head.mask_embed.gather(1, rows.expand(-1, -1, head.mask_embed.shape[2]))
        logits = self._mask_logits(mask_embed)  # [B, n, H/4, W/4]
        mask = self._mask(logits)
        for name in ("out_sel_mask_low", "out_prev_mask"):
            comparison.check(name, logits)
        for name in ("out_sel_mask_up", "out_mask_up"):
            comparison.check(name, mask)
        class_embed = head.class_embed.gather(1, rows.expand(-1, -1, head.class_embed.shape[2]))
        comparison.check("out_sel_class", self._class_logits(class_embed).argmax(-1).flatten())

    def _selected(self) -> tuple[str, Tensor]:
        """Group of the answering queries and their index in it, `[B, n]`."""
        by_text = "grounding" in self._heads and self.case.entry["task"] != "spatial"
        chosen = self.case.entry.get("selected_by", "text" if by_text else "spatial")
        if chosen in self._point_selection:
            return self._answering, self._point_selection[chosen]
        group = "grounding" if by_text else "object"
        return group, self._text_scores[chosen].argmax(0).unsqueeze(0)

    def _mask(self, logits: Tensor) -> Tensor:
        """`[B, n, H/4, W/4]` -> bool `[B * n, h, w]` at image size."""
        h, w = self.case.entry["image_size"]
        geometry = ImageGeometry.whole_image((h, w), (h, w), self.case.target.padded_hw)
        masks = [mask_of_image(single.numpy(), geometry) for single in logits.flatten(0, 1)]
        return torch.from_numpy(np.stack(masks))
