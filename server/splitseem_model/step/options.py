"""How steps are made, apart from the model."""

from dataclasses import dataclass

from splitseem_model.prompt.shapes import RegionRules
from splitseem_model.text.names import Vocabulary

AGAIN = "again"
"""The passes of an object's first answer but the first one, see `DecoderConfig.first_passes`."""


@dataclass(frozen=True)
class StepOptions:
    """What may differ between two decoders of one model; images prepared by one are good for the other.

    Attributes:
        region_rules: how boxes and polygons become points; None: as the model learned it.
        vocabulary: the names that masks may have; None: the model's own.
        without: stages that are left out, to see what they are worth; names of `answering.STAGES`,
            `snapping.SNAP`, or `AGAIN`.
    """

    region_rules: RegionRules | None = None
    vocabulary: Vocabulary | None = None
    without: frozenset[str] = frozenset()
