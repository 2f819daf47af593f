"""The text encoder of the official models: CLIP's tokenizer and a causal transformer.

Source: UniCL (arXiv 2204.03610) and Florence (arXiv 2111.11432) as contained in SEEM, Apache-2.0; upstream
`modeling/language/LangEncoder/transformer.py` (branch v1.0, commit 7b2e76d). Parameter names equal the
upstream ones, so that official checkpoints load.
Deviation: texts are padded to the longest of a batch, not to 77 tokens. Attention is causal and nothing
behind the end token is used, so no result depends on the padding.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from splitseem_model.layers.arrays import CLOSED, Floats
from splitseem_model.layers.attention import MultiheadAttention
from splitseem_model.official import UniClConfig
from splitseem_model.text.clip_bpe import END, ClipTokenizer
from splitseem_model.text.templates import TEMPLATES
from splitseem_model.text.tower import TextEncoding

_NORM_EPS = 1e-12
_MLP_RATIO = 4
_GELU_SLOPE = 1.702
_BATCH = 64


class UniClTextEncoder(nn.Module):
    """Token ids -> token vectors in the joint space, and the learned temperature of that space."""

    def __init__(self, config: UniClConfig) -> None:
        super().__init__()
        self.encoder = _Transformer(config)
        self.projection = nn.Parameter(torch.randn(config.width, config.out_dim) * config.width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(100.0)))

    def forward(self, token_ids: Tensor) -> Tensor:
        """`[B, T]` int64 -> `[B, T, E]`, after the last norm and the projection, of any length."""
        vectors: Tensor = self.encoder(token_ids) @ self.projection
        return vectors


class _Transformer(nn.Module):
    def __init__(self, config: UniClConfig) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(config.num_tokens, config.width)
        self.positional_embedding = nn.Parameter(torch.randn(config.context, config.width) * 0.01)
        self.resblocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.ln_final = nn.LayerNorm(config.width, eps=_NORM_EPS)

    def forward(self, token_ids: Tensor) -> Tensor:
        """`[B, T]` int64 -> `[B, T, width]`."""
        length = token_ids.shape[1]
        x = self.token_embedding(token_ids) + self.positional_embedding[:length]
        causal = torch.full((1, length, length), CLOSED, device=x.device).triu(1)
        for block in self.resblocks:
            x = block(x, causal)
        output: Tensor = self.ln_final(x)
        return output


class _Block(nn.Module):
    def __init__(self, config: UniClConfig) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.width, eps=_NORM_EPS)
        self.attn = MultiheadAttention(config.width, config.heads)
        self.ln_2 = nn.LayerNorm(config.width, eps=_NORM_EPS)
        self.mlp = _Mlp(config.width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """`[B, T, width]`, bias `[1, T, T]` -> `[B, T, width]`."""
        normed = self.ln_1(x)
        parts = (self.attn.project_query, self.attn.project_key, self.attn.project_value)
        query, key, value = (project(normed) for project in parts)
        x = x + self.attn.attend(query, key, value, bias)
        output: Tensor = x + self.mlp(self.ln_2(x))
        return output


class _Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, _MLP_RATIO * width)
        self.c_proj = nn.Linear(_MLP_RATIO * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """`[..., width]` -> the same, with CLIP's quick GELU between the layers."""
        x = self.c_fc(x)
        output: Tensor = self.c_proj(x * (_GELU_SLOPE * x).sigmoid())
        return output


class UniClTower:
    """The encoder with its tokenizer. Implements `TextTower`."""

    templates: tuple[str, ...] = TEMPLATES

    def __init__(self, model: UniClTextEncoder) -> None:
        self._model = model
        self._tokenizer = ClipTokenizer.load()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the weights, hexadecimal."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.cpu().contiguous().numpy().data)
        return digest.hexdigest()

    def encode(self, texts: Sequence[str]) -> list[TextEncoding]:
        """Vectors of start token, words and end token of each text; the end token's is the sentence."""
        rows = dict(self._rows([self._tokenizer.encode(text) for text in texts]))
        return [TextEncoding(rows[index], rows[index][-1]) for index in range(len(texts))]

    def sentences(self, texts: Sequence[str]) -> Floats:
        """Vectors of the end tokens, `[n, E]`."""
        vectors = np.empty((len(texts), self._model.projection.shape[1]), np.float32)
        for index, row in self._rows([self._tokenizer.encode(text) for text in texts]):
            vectors[index] = row[-1]
        return vectors

    def _rows(self, tokens: Sequence[Sequence[int]]) -> Iterator[tuple[int, Floats]]:
        """Index of each text and its token vectors `[T, E]` on the CPU, shorter texts first."""
        device = self._model.projection.device
        by_length = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        for start in range(0, len(tokens), _BATCH):
            batch = by_length[start : start + _BATCH]
            longest = len(tokens[batch[-1]])
            padded = [[*tokens[index], *[END] * (longest - len(tokens[index]))] for index in batch]
            with torch.no_grad():
                vectors = self._model(torch.tensor(padded, device=device)).float().cpu().numpy()
            for index, row in zip(batch, vectors, strict=True):
                yield index, row[: len(tokens[index])]
