"""The joint visual-semantic space: a small map of the image whose cells, and whose averages, have names.

Everything in it is linear in the backbone's features: a cell is a few channels, which a matrix takes to the
space of the sentence vectors, where the cosine with the vector of any text says how well it fits. So the
meaning of a mask is the mean of its cells, and a word alone gives a map of where it may be.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.config import SemanticConfig
from splitseem_model.encode.meaning import SentenceSpace


class SemanticMap(nn.Module):
    """The map, what it means, and the sentence vectors of the model's own names, `names` `[K, sentence_dim]`.

    Args:
        in_dims: channels of the backbone's maps at strides 16 and 32; names: of the model's vocabulary.
    """

    def __init__(
        self, config: SemanticConfig, in_dims: tuple[int, int], sentence_dim: int, names: int
    ) -> None:
        super().__init__()
        self.from_res4 = nn.Conv2d(in_dims[0], config.channels, 1)
        self.from_res5 = nn.Conv2d(in_dims[1], config.channels, 1, bias=False)
        self.to_sentence = nn.Linear(config.channels, sentence_dim)
        self.names = nn.Parameter(torch.zeros(names, sentence_dim), requires_grad=False)

    def forward(self, res4: Tensor, res5: Tensor) -> Tensor:
        """Backbone maps at strides 16 and 32 -> `[B, S, H/16, W/16]`."""
        coarse = functional.interpolate(self.from_res5(res5), scale_factor=2.0, mode="bilinear")
        cells: Tensor = self.from_res4(res4) + coarse
        return cells


def cosines(semantic: SemanticMap, meanings: Tensor, sentences: Tensor) -> Tensor:
    """How well texts fit, with gradients: `[..., S]` and `[K, sentence_dim]` -> `[..., K]` in -1..1."""
    meant = functional.normalize(semantic.to_sentence(meanings), dim=-1)
    fit: Tensor = meant @ functional.normalize(sentences, dim=-1).T
    return fit


def sentence_space(semantic: SemanticMap) -> SentenceSpace:
    """What takes meanings to the space of the sentence vectors, as arrays."""
    weight, bias = semantic.to_sentence.weight.detach(), semantic.to_sentence.bias.detach()
    return SentenceSpace(torch.cat([weight, bias[:, None]], dim=1).cpu().numpy())
