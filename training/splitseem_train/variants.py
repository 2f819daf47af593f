"""A predictor with a part left out or limited, to see what the part is worth."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from types import MappingProxyType

from splitseem_model.predictor import Predictor


def without_refiner(predictor: Predictor) -> Predictor:
    """The same predictor with masks not redrawn by the refiner; images stay prepared."""
    plain = copy(predictor)
    plain.config = replace(predictor.config, refiner=None)
    return plain


WITHOUT: Mapping[str, Callable[[Predictor], Predictor]] = MappingProxyType(
    {"correction": Predictor.without_correction, "refiner": without_refiner}
)
"""Part of a model -> the same model without it."""
