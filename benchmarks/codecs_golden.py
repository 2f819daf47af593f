"""What codecs change in decoder cases of a golden set: `python benchmarks/codecs_golden.py GOLDEN CASE...`.

The features of the target image go through a codec, or lose channels, and the case is answered as before: how
many objects another query answers, and the share of the pixels of their masks that turn over.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from timing import write_result
from torch import Tensor

from splitseem_cli.golden.comparison import Comparison
from splitseem_cli.golden.decoder_cases import CONFIG, answer_in_torch, check_results
from splitseem_cli.golden.decoder_prompts import DecoderCase, Features
from splitseem_cli.golden.golden_set import GoldenSet
from splitseem_proto import decode_tensor, encode_tensor

Change = Callable[[Tensor], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("golden", type=Path)
    parser.add_argument("cases", nargs="+", help="of points, such as v1_click")
    options = parser.parse_args()
    torch.set_num_threads(1)
    golden = GoldenSet(options.golden)
    write_result("codecs_golden", [row for name in options.cases for row in rows(golden, name)])


def rows(golden: GoldenSet, name: str) -> Iterator[dict[str, Any]]:
    """A row for each way to change the features."""
    case = DecoderCase.read(golden, name, CONFIG.num_queries)
    for label, (of_levels, of_masks) in VARIANTS.items():
        levels = tuple(of_levels(level) for level in case.target.levels)
        other = replace(case, target=Features(levels, of_masks(case.target.mask_features)))
        comparison = Comparison(golden.arrays(name))
        check_results(golden, other, answer_in_torch(golden, other), comparison)
        wrong = {difference.array: difference.error for difference in comparison.differences}
        queries = sum(error for array, error in wrong.items() if array in _QUERIES)
        mask = next(array for array in _MASKS if array in wrong)
        flips = wrong[mask] / comparison.golden[mask].size
        yield {
            "case": name,
            "features": label,
            "other_queries": int(queries),
            "flips_%": round(100 * flips, 2),
        }


def through(codec: str) -> Change:
    """Encoded and decoded; a map needs no name for that, but `small` asks for it."""
    return lambda values: torch.from_numpy(decode_tensor(encode_tensor("map", values.numpy(), codec)))


def of_rank(rank: int) -> Change:
    """Without all but the strongest of the principal axes that this very map has."""

    def keep(values: Tensor) -> Tensor:
        flat = values[0].flatten(1).double()
        axes = torch.linalg.eigh(flat @ flat.T).eigenvectors[:, -rank:]
        return (axes @ (axes.T @ flat)).float().reshape(values.shape)

    return keep


VARIANTS: Mapping[str, tuple[Change, Change]] = {
    **{codec: (through(codec), through(codec)) for codec in ("float32", "float16", "int8", "uint8", "uint4")},
    "int8, masks uint4": (through("int8"), through("uint4")),
    "float32, masks of rank 256": (through("float32"), of_rank(256)),
    "float32, masks of rank 128": (through("float32"), of_rank(128)),
}
_QUERIES = ("out_sel_spatial", "out_sel_stroke")
_MASKS = ("out_sel_mask_up", "out_mask_up")

if __name__ == "__main__":
    main()
