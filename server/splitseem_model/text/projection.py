"""Sentence vectors of a frozen encoder -> the joint space of a model."""

from torch import nn

from splitseem_model.config import DecoderConfig


class SentenceProjection(nn.Module):
    """A frozen encoder's sentence vectors -> the joint space: text tokens, and rows of a class matrix."""

    def __init__(self, sentence_dim: int, decoder: DecoderConfig) -> None:
        super().__init__()
        self.token = nn.Linear(sentence_dim, decoder.dim)
        self.meaning = nn.Linear(sentence_dim, decoder.class_dim)
