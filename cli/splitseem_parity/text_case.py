"""Checker of the text encoder: stored texts -> token ids, token vectors, class vectors."""

import numpy as np
import torch
from torch import Tensor

from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.layers.arrays import unit
from splitseem_model.official import UniClConfig
from splitseem_model.text.clip_bpe import CONTEXT, END, ClipTokenizer
from splitseem_model.text.names import spoken_name
from splitseem_model.text.unicl import UniClTextEncoder, UniClTower
from splitseem_model.text.vocabulary import class_matrix
from splitseem_parity.comparison import Comparison
from splitseem_parity.golden_set import GoldenSet


def check_text(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """Texts and classes of the manifest through tokenizer, encoder and templates."""
    shared = golden.manifest["shared"]
    encoder = UniClTextEncoder(UniClConfig()).eval()
    fill_with_golden_weights(encoder, prefix="text.", seed_offset=golden.seed_offset)
    comparison.check("logit_scale", encoder.logit_scale)
    _check_texts(encoder, shared["texts"], comparison)
    _check_classes(encoder, shared["text_classes"], comparison)


def _check_texts(encoder: UniClTextEncoder, texts: list[str], comparison: Comparison) -> None:
    token_ids, filled = _padded_ids(texts)
    comparison.check("token_ids", token_ids)
    comparison.check("attention_mask", filled)
    stored = comparison.golden.get("token_emb_first2")
    if stored is not None:
        with torch.inference_mode():
            comparison.check("token_emb_first2", encoder(token_ids[: len(stored)]))
    sentences = UniClTower(encoder).sentences(texts)
    comparison.check("class_emb", sentences)
    comparison.check("class_emb_normalized", unit(sentences))


def _check_classes(encoder: UniClTextEncoder, names: list[str], comparison: Comparison) -> None:
    tower = UniClTower(encoder)
    texts = [[template.replace("{}", spoken_name(name)) for template in tower.templates] for name in names]
    token_ids = torch.stack([_padded_ids(of_class)[0] for of_class in texts])
    comparison.check("class_template_ids", token_ids.to(torch.int32))
    stored = comparison.golden.get("class_template_emb_first4")
    if stored is not None:
        first = [unit(tower.sentences(of_class[: stored.shape[1]])) for of_class in texts]
        comparison.check("class_template_emb_first4", np.stack(first))
    comparison.check("class_mean_embeddings", class_matrix(tower, names))


def _padded_ids(texts: list[str]) -> tuple[Tensor, Tensor]:
    """Ids `[n, 77]` padded with the end token, and 1 where they are not padding; int64."""
    tokens = [ClipTokenizer.load().encode(text) for text in texts]
    ids = torch.tensor([[*row, *[END] * (CONTEXT - len(row))] for row in tokens])
    lengths = torch.tensor([len(row) for row in tokens])
    return ids, (torch.arange(CONTEXT) < lengths[:, None]).long()
