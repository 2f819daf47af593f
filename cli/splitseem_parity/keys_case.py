"""Checker of key lists: `keys/<backbone>_<wiring>.json` against names and shapes of our modules."""

import numpy as np

from splitseem_model.checkpoints.official_keys import TRAINING_BUFFERS, official_shapes
from splitseem_model.config import PRESETS
from splitseem_parity.comparison import Comparison
from splitseem_parity.golden_set import KEYS_FOLDER, GoldenSet, NotSupported

_ABSENT = np.empty(0, dtype=np.int64)


def check_keys(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """Every name of the list must be ours with the same shape, and every name of ours in the list.

    Raises:
        NotSupported: the list is that of no official model.
    """
    preset_name = name.removeprefix(f"{KEYS_FOLDER}/").replace("_", "-")
    if preset_name not in PRESETS:
        raise NotSupported(f"no model {preset_name} in this version")
    listed = golden.arrays(name)
    for key, shape in official_shapes(preset_name).items():
        comparison.check_against(key, np.array(shape, dtype=np.int64), listed.get(key, _ABSENT))
    comparison.skip("|".join(TRAINING_BUFFERS))
