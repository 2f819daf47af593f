"""Model configuration and the named presets. Every fact about a model's shape and input rules is here and
nowhere else."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from splitseem_model.official import (
    DAVIT_D3,
    DAVIT_D5,
    FOCAL_L,
    FOCAL_T,
    SAM_VIT_B,
    SAM_VIT_L,
    DavitConfig,
    DeformableConfig,
    FocalNetConfig,
    FpnConfig,
    SamVitConfig,
    UniClConfig,
)

PIXEL_MEAN_RGB = (123.675, 116.28, 103.53)
PIXEL_STD_RGB = (58.395, 57.12, 57.375)
STRIDE = 32
"""Model inputs are padded to a multiple of this many pixels."""
MIN_CANVAS = 64
"""Pixels that images are resized to, at least."""
MASK_STRIDE = 4
"""Input pixels that a cell of the mask features, and of mask logits, is wide."""
SEMANTIC_STRIDE = 16
"""Input pixels that a cell of the semantic map is wide."""
MAX_POINTS = 512
"""At most this many points of one object are used in a step."""


@dataclass(frozen=True)
class ResidualConfig:
    """Plain residual backbone of 3 x 3 convolutions with batch norm: fast to train on a CPU."""

    widths: tuple[int, int, int, int] = (48, 96, 192, 320)
    depths: tuple[int, int, int, int] = (2, 2, 2, 2)
    kind: Literal["residual"] = "residual"


@dataclass(frozen=True)
class EfficientNetLiteConfig:
    """EfficientNet-Lite; the defaults are those of Lite0.

    Attributes:
        widths, depths: channels and blocks of the seven stages.
        detail: channels of a branch of plain convolutions at stride 4 beside it, which learns from masks what
            is fine; 0: there is none.
    """

    stem_width: int = 32
    widths: tuple[int, ...] = (16, 24, 40, 80, 112, 192, 320)
    depths: tuple[int, ...] = (1, 2, 2, 3, 3, 4, 1)
    detail: int = 0
    kind: Literal["efficientnet-lite"] = "efficientnet-lite"


@dataclass(frozen=True)
class SlimPyramidConfig:
    """Narrow feature pyramid: `dim` channels at strides 32 to 8, `mask_width` at stride 4.

    Attributes:
        mask_width: channels that the mask features are made of; None: as many as they have themselves.
    """

    encoder_layers: int = 1
    heads: int = 4
    ffn_dim: int = 256
    mask_width: int | None = None
    kind: Literal["slim"] = "slim"


@dataclass(frozen=True)
class DecoderConfig:
    """Shape and rules of the prompt decoder.

    Attributes:
        level_dims: channels that the levels arrive with, widened to `dim` on their way in, see
            `channel_thinning.py`; empty: `dim` each.
        prompt_position: what a point token's positional code is: itself (upstream) or the sine code of its
            place.
        point_sampling: how a point meets a map: "corner" is upstream's align_corners rule, "centre" the
            half-pixel rule.
        selection: "points" is upstream's rule (mean mask logit at the positive points); "quality" adds a
            learned score and the negative points.
        first_passes: how often the decoder is asked at the first prompts of an object, each time with its
            answer before as memory, see `ImageDecoder.step`.
    """

    wiring: str
    dim: int = 512
    mask_dim: int = 512
    class_dim: int = 512
    num_layers: int = 9
    num_heads: int = 8
    ffn_dim: int = 2048
    num_queries: int = 101
    num_memories: int = 32
    num_point_labels: int = 2
    level_dims: tuple[int, ...] = ()
    prompt_position: Literal["token", "sine"] = "token"
    point_sampling: Literal["corner", "centre"] = "corner"
    selection: Literal["points", "quality"] = "points"
    first_passes: int = 1

    @property
    def quality_head(self) -> bool:
        """Whether the decoder scores its queries."""
        return self.selection == "quality"

    @property
    def level_channels(self) -> tuple[int, ...]:
        """Channels of the levels in an embedding, coarse to fine."""
        return self.level_dims or (self.dim,) * 3


@dataclass(frozen=True)
class RefinerConfig:
    """Shape of the mask refiner, see `refiner.py`.

    Attributes:
        widths: channels at strides 4, 8 and 16.
        look_dim: channels that the mask features are projected to.
        near_pixels: widths of the bells around clicks, pixels of the padded frame.
        max_points: points that are used, taken evenly.
        fine_side: of inputs with a longer long side, pixels, it sees coarser maps, see `refiner_scale.py`.
    """

    widths: tuple[int, int, int] = (32, 48, 64)
    look_dim: int = 24
    near_pixels: tuple[float, ...] = (6.0, 32.0)
    max_points: int = 64
    fine_side: int = 320


@dataclass(frozen=True)
class SemanticConfig:
    """Shape of the semantic map, see `semantic.py`: its channels."""

    channels: int = 96


@dataclass(frozen=True)
class CorrectionConfig:
    """How the selected mask is made to obey the clicks, see `correction.py`.

    Attributes:
        margin: mask logit that every clicked point gets at least, with its sign.
        look_width: how unlike a click a place may be to follow it, in spreads of the mask features.
        place_width: how far from a click a place may be to follow it, in long sides of the input.
        ridge: how much a click may be disobeyed for smoothness; keeps two clicks on one place solvable.
        spread_floor: share of the mean variance that is added to that of every channel.
        max_points: clicks that are used; a stroke has more points than a correction needs.
    """

    margin: float = 6.0
    look_width: float = 1.0
    place_width: float = 0.1
    ridge: float = 0.01
    spread_floor: float = 0.05
    max_points: int = 64


@dataclass(frozen=True)
class PhotoConfig:
    """How masks follow the colours and edges of the photo, see `photo/refinement.py`.

    Lengths are in long sides of the photo, strengths in logits.

    Attributes:
        fine_side: inputs with a longer long side than this, pixels, are refined at stride 4, not 2.
        trust, logit_limit: factor of the network's mask logits, and what they are clamped to before.
        colour_weight, colour_limit: factor of what colours say, and what it is clamped to before.
        colour_floor: likelihood that every colour has on and off the object.
        bins: of the colour histograms, along red, green and blue.
        smoothness: what a surrounding of one belief weighs.
        reach: how far beliefs travel where the photo is plain.
        edge_contrast: sum of the differences of red, green and blue, 0 to 3, that stops them half way.
        rounds: of learning the colours; sweeps: of neighbours asking each other, in each round.
        click_radius: how far around a click its side is held; held_logit: the least logit there.
        click_weight: what a held cell counts as an example of colour; a sure one counts 1.
    """

    fine_side: int = 320
    trust: float = 0.7
    logit_limit: float = 8.0
    colour_weight: float = 1.0
    colour_limit: float = 3.0
    colour_floor: float = 1e-5
    bins: int = 24
    smoothness: float = 5.0
    reach: float = 0.16
    edge_contrast: float = 0.5
    rounds: int = 2
    sweeps: int = 4
    click_radius: float = 0.016
    held_logit: float = 2.0
    click_weight: float = 20.0


BackboneConfig = FocalNetConfig | DavitConfig | SamVitConfig | ResidualConfig | EfficientNetLiteConfig
PixelDecoderConfig = FpnConfig | DeformableConfig | SlimPyramidConfig


@dataclass(frozen=True)
class ModelConfig:
    """Everything that, with the weights, makes a model.

    Attributes:
        canvas: size in pixels of the side named by `canvas_side` after resizing.
        logit_scale: factor of the cosine between class embedding and class matrix; upstream models learn it.
        text: the text encoder that is part of the model (upstream); None: there is none.
        sentence_dim: width of the sentence vectors that a text prompt is projected from; 0: there are none.
        refiner: the network that redraws the selected mask at the clicks; None: there is none (upstream).
        semantic: the map that gives masks their names and words their places; None: there is none (upstream).
        correction: how masks are made to obey clicks; None leaves the decoder's answer as it is (upstream).
        photo: how masks follow the photo, a part of the embedding then; None: they do not (upstream).
        codec: in which embeddings are sent unless asked otherwise, see `splitseem_proto.CODECS`.
        vocabulary: names of the rows of the bundled class matrix; empty when there is none.
    """

    name: str
    backbone: BackboneConfig
    pixel_decoder: PixelDecoderConfig
    decoder: DecoderConfig
    canvas: int = 512
    canvas_side: Literal["shortest", "longest"] = "shortest"
    logit_scale: float = 20.0
    text: UniClConfig | None = None
    sentence_dim: int = 0
    refiner: RefinerConfig | None = None
    semantic: SemanticConfig | None = None
    correction: CorrectionConfig | None = None
    photo: PhotoConfig | None = None
    codec: str = "int8"
    vocabulary: tuple[str, ...] = field(default=(), repr=False)

    @property
    def size_multiple(self) -> int:
        """Model inputs are padded to a multiple of this many pixels, right and bottom."""
        return self.backbone.input_side if isinstance(self.backbone, SamVitConfig) else STRIDE

    @property
    def largest_canvas(self) -> int | None:
        """The largest canvas that the backbone can take, pixels; None: any."""
        return self.backbone.input_side if isinstance(self.backbone, SamVitConfig) else None

    @property
    def takes_text(self) -> bool:
        """Whether the model has a text tower."""
        return self.text is not None or self.sentence_dim > 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data, the inverse of `from_dict`; what is saved with the weights and digested into the
        fingerprint."""
        plain = {key: getattr(self, key) for key in PLAIN_FIELDS}
        parts = {key: dict(vars(getattr(self, key))) for key in ("backbone", "pixel_decoder", "decoder")}
        optional = {
            key: None if (part := getattr(self, key)) is None else dict(vars(part)) for key in OPTIONAL_PARTS
        }
        later = {key: optional.pop(key) for key in LATER_PARTS}
        there = {key: part for key, part in later.items() if part is not None}
        parts["decoder"] = {
            key: value for key, value in parts["decoder"].items() if (key, value) not in LATER_RULES.items()
        }
        return {**plain, **parts, **optional, **there, "vocabulary": list(self.vocabulary)}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> "ModelConfig":
        """Rebuild a configuration; an unknown field or kind is an error that names it.

        Raises:
            ValueError: a field or kind that this version does not know.
        """
        try:
            return ModelConfig(
                name=data["name"],
                backbone=_part(data["backbone"], BACKBONES),
                pixel_decoder=_part(data["pixel_decoder"], PIXEL_DECODERS),
                decoder=DecoderConfig(**_with_tuples(data["decoder"])),
                canvas=data["canvas"],
                canvas_side=data["canvas_side"],
                logit_scale=data["logit_scale"],
                text=_optional_part(data, "text"),
                sentence_dim=data.get("sentence_dim", 0),
                refiner=_optional_part(data, "refiner"),
                semantic=_optional_part(data, "semantic"),
                correction=_optional_part(data, "correction"),
                photo=_optional_part(data, "photo"),
                codec=data.get("codec", "int8"),
                vocabulary=tuple(data["vocabulary"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a model configuration of this version: {error}") from error


class StepConfig(Protocol):
    """What answering prompts needs of a `ModelConfig`; a reader of embeddings knows no more of a model."""

    @property
    def name(self) -> str: ...
    @property
    def decoder(self) -> DecoderConfig: ...
    @property
    def logit_scale(self) -> float: ...
    @property
    def refiner(self) -> RefinerConfig | None: ...
    @property
    def correction(self) -> CorrectionConfig | None: ...
    @property
    def photo(self) -> PhotoConfig | None: ...


BACKBONES: dict[str, type[Any]] = {
    "focalnet": FocalNetConfig,
    "davit": DavitConfig,
    "samvit": SamVitConfig,
    "residual": ResidualConfig,
    "efficientnet-lite": EfficientNetLiteConfig,
}
PIXEL_DECODERS: dict[str, type[Any]] = {
    "fpn": FpnConfig,
    "deformable": DeformableConfig,
    "slim": SlimPyramidConfig,
}
PLAIN_FIELDS = ("name", "canvas", "canvas_side", "logit_scale", "sentence_dim", "codec")
OPTIONAL_PARTS: dict[str, type[Any]] = {
    "text": UniClConfig,
    "refiner": RefinerConfig,
    "semantic": SemanticConfig,
    "correction": CorrectionConfig,
    "photo": PhotoConfig,
}


LATER_PARTS = ("semantic",)
"""Optional parts that are not named where there is none, so that older models keep their fingerprint."""
LATER_RULES: dict[str, Any] = {"first_passes": 1}
"""Fields of the decoder that are not named where they have this value, for the same reason."""


def _optional_part(data: dict[str, Any], key: str) -> Any:
    given = data.get(key)
    return None if given is None else OPTIONAL_PARTS[key](**_with_tuples(given))


def _part(data: dict[str, Any], kinds: dict[str, type[Any]]) -> Any:
    if data["kind"] not in kinds:
        raise ValueError(f"unknown kind {data['kind']!r}; known: {', '.join(sorted(kinds))}")
    return kinds[data["kind"]](**_with_tuples(data))


def _with_tuples(data: dict[str, Any]) -> dict[str, Any]:
    """JSON's lists back to tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def _official(backbone_name: str, wiring: str, backbone: BackboneConfig) -> ModelConfig:
    decoder = DecoderConfig(wiring)
    return ModelConfig(f"{backbone_name}-{wiring}", backbone, FpnConfig(), decoder, text=UniClConfig())


def _official_sam(backbone_name: str, backbone: SamVitConfig) -> ModelConfig:
    """The input is always padded to one size, so the longer side is resized to it, as in the official
    evaluation (which stops at a shorter side of 1000: nearly square images get up to 2 % larger here)."""
    model = replace(_official(backbone_name, "v1", backbone), pixel_decoder=DeformableConfig())
    return replace(model, canvas=backbone.input_side, canvas_side="longest")


NANO = ModelConfig(
    name="nano",
    backbone=EfficientNetLiteConfig(detail=48),
    pixel_decoder=SlimPyramidConfig(mask_width=64),
    decoder=DecoderConfig(
        wiring="nano",
        dim=128,
        mask_dim=32,
        class_dim=128,
        num_layers=6,
        num_heads=4,
        ffn_dim=512,
        num_queries=4,
        num_memories=4,
        num_point_labels=4,
        level_dims=(96, 64, 48),
        prompt_position="sine",
        point_sampling="centre",
        selection="quality",
        first_passes=2,
    ),
    canvas=384,
    canvas_side="longest",
    sentence_dim=384,
    refiner=RefinerConfig(fine_side=384),
    correction=CorrectionConfig(),
    photo=PhotoConfig(),
    codec="uint8",
)

TINY = replace(
    NANO,
    name="tiny",
    backbone=ResidualConfig(widths=(8, 16, 16, 32), depths=(1, 1, 1, 1)),
    pixel_decoder=SlimPyramidConfig(),
    decoder=replace(
        NANO.decoder,
        dim=32,
        mask_dim=16,
        class_dim=32,
        num_layers=3,
        num_heads=2,
        ffn_dim=64,
        num_memories=8,
        level_dims=(),
    ),
    refiner=RefinerConfig(widths=(8, 12, 16), look_dim=8),
    sentence_dim=0,
    canvas=96,
    codec="int8",
    vocabulary=("cat", "dog", "tree"),
)
"""Random weights, for tests."""

PRESETS: dict[str, ModelConfig] = {
    config.name: config
    for config in (
        NANO,
        TINY,
        *(_official("focalt", wiring, FOCAL_T) for wiring in ("demo", "v0", "v1")),
        *(_official("focall", wiring, FOCAL_L) for wiring in ("demo", "v0", "v1")),
        _official("davitd3", "v1", DAVIT_D3),
        _official("davitd5", "v1", DAVIT_D5),
        _official_sam("samvitb", SAM_VIT_B),
        _official_sam("samvitl", SAM_VIT_L),
    )
}


def preset(name: str) -> ModelConfig:
    """The named preset.

    Raises:
        ValueError: an unknown name; the message lists the known ones.
    """
    if name not in PRESETS:
        raise ValueError(f"unknown preset {name!r}; known: {', '.join(PRESETS)}")
    return PRESETS[name]
