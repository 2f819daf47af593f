"""What codecs change in decoder cases of a golden set: `python benchmarks/codecs_golden.py GOLDEN CASE...`.

The features of the target image go through a codec, or lose channels, and the case is answered as before.
Counted are the objects that another query answers, and the share of the pixels of their masks that change
side. Where the embedding holds the backbone's finest map, the mask features are made of it and of level2,
both after their codecs. Megabytes are those of an input of 512 x 512 pixels.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from timing import write_result
from torch import Tensor

from splitseem_export.lateral_graphs import LateralRuntime, trace_lateral
from splitseem_export.precision import stored
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.encode.preprocess import normalise, pad_to_multiple
from splitseem_model.mask.reader import MaskReader
from splitseem_parity.comparison import Comparison
from splitseem_parity.decoder_cases import CONFIG, answer_in_torch, check_results
from splitseem_parity.decoder_prompts import DecoderCase, Features
from splitseem_parity.encoder_cases import golden_encoder
from splitseem_parity.golden_set import GoldenSet
from splitseem_proto import decode_tensor, encode_tensor

Change = Callable[[Tensor], Tensor]

IMAGE = "encoder_focalt_target"
BITS = {"float32": 32, "float16": 16, "uint10": 10, "int8": 8, "uint8": 8}
PIXELS = 512 * 512


@dataclass(frozen=True)
class Variant:
    """One way to send an image: codecs of the levels and of the other map, whether that is the backbone's
    finest one, channels that the mask features keep, and the precision of the graphs that make them, if not
    torch does."""

    levels: str
    other: str
    lateral: bool = False
    rank: int | None = None
    graphs: str | None = None


@dataclass(frozen=True)
class Image:
    """Features of the image of all cases, and what else they can be made of."""

    features: Features
    lateral: Tensor
    pyramid: FPN

    @staticmethod
    @torch.inference_mode()
    def of(golden: GoldenSet) -> "Image":
        """The stored features, and the backbone's finest map of the stored picture."""
        arrays = golden.arrays(IMAGE)
        encoder = golden_encoder("focalt", golden.seed_offset)
        assert isinstance(encoder.pixel_decoder, FPN)
        pixels = pad_to_multiple(normalise(arrays["image_u8"].transpose(1, 2, 0)), encoder.size_multiple)
        lateral = encoder.features(pixels)["res2"]
        return Image(Features.of(arrays), lateral, encoder.pixel_decoder)

    @torch.inference_mode()
    def sent(self, variant: Variant) -> Features:
        """What a reader has of it."""
        levels = tuple(through(variant.levels)(level) for level in self.features.levels)
        other = through(variant.other)(self.lateral if variant.lateral else self.features.mask_features)
        if variant.lateral:
            return Features(levels, self._mask_features(other, levels[2], variant.graphs))
        return Features(levels, other if variant.rank is None else of_rank(variant.rank)(other))

    def _mask_features(self, lateral: Tensor, level2: Tensor, precision: str | None) -> Tensor:
        if precision is None:
            given = {"lateral": lateral.numpy(), "level2": level2.numpy()}
            return torch.from_numpy(MaskReader(self.pyramid).read(given).full())
        graphs = {
            name: (stored(g, precision), spec) for name, (g, spec) in trace_lateral(self.pyramid).items()
        }
        return LateralRuntime(graphs).mask_features(lateral, level2)

    def megabytes(self, variant: Variant) -> float:
        """Of the values, for an input of `PIXELS`."""
        other = self.lateral if variant.lateral else self.features.mask_features
        share = 1 if variant.rank is None else variant.rank / other.shape[1]
        bits = sum(level.numel() * BITS[variant.levels] for level in self.features.levels)
        bits += other.numel() * share * BITS[variant.other]
        height, width = self.features.padded_hw
        return float(bits / 8e6 * PIXELS / (height * width))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("golden", type=Path)
    parser.add_argument("cases", nargs="+", help="of points, such as v1_click")
    options = parser.parse_args()
    torch.set_num_threads(1)
    golden = GoldenSet(options.golden)
    image = Image.of(golden)
    write_result("codecs_golden", [row for name in options.cases for row in rows(golden, image, name)])


def rows(golden: GoldenSet, image: Image, name: str) -> Iterator[dict[str, Any]]:
    """A row for each way to send the features."""
    case = DecoderCase.read(golden, name, CONFIG.num_queries)
    for label, variant in VARIANTS.items():
        other = replace(case, target=image.sent(variant))
        comparison = Comparison(golden.arrays(name))
        check_results(golden, other, answer_in_torch(golden, other), comparison)
        wrong = {difference.array: difference.error for difference in comparison.differences}
        queries = sum(error for array, error in wrong.items() if array in _QUERIES)
        mask = next(array for array in _MASKS if array in wrong)
        flips = wrong[mask] / comparison.golden[mask].size
        yield {
            "case": name,
            "features": label,
            "MB": round(image.megabytes(variant), 2),
            "other_queries": int(queries),
            "flips_%": round(100 * flips, 2),
        }


def through(codec: str) -> Change:
    """Encoded and decoded."""
    return lambda values: torch.from_numpy(decode_tensor(encode_tensor("map", values.numpy(), codec)))


def of_rank(rank: int) -> Change:
    """Without all but the strongest of the principal axes that this very map has."""

    def keep(values: Tensor) -> Tensor:
        flat = values[0].flatten(1).double()
        axes = torch.linalg.eigh(flat @ flat.T).eigenvectors[:, -rank:]
        return (axes @ (axes.T @ flat)).float().reshape(values.shape)

    return keep


VARIANTS: Mapping[str, Variant] = {
    **{codec: Variant(codec, codec) for codec in BITS},
    "float32, masks of rank 256": Variant("float32", "float32", rank=256),
    "float32, masks of rank 128": Variant("float32", "float32", rank=128),
    **{
        f"lateral, {codec}": Variant(codec, codec, lateral=True)
        for codec in ("float32", "float16", "uint10", "int8", "uint8")
    },
    **{
        f"lateral, uint10, graphs {precision}": Variant("uint10", "uint10", lateral=True, graphs=precision)
        for precision in ("float16", "int8")
    },
    "lateral, int8, map float16": Variant("int8", "float16", lateral=True),
}
_QUERIES = ("out_sel_spatial", "out_sel_stroke", "out_sel_text")
_MASKS = ("out_sel_mask_up", "out_mask_up")

if __name__ == "__main__":
    main()
