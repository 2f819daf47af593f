"""Bytes with exactly one fault each, and the refusal that it must meet."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import msgpack

from splitseem_proto import limits
from splitseem_proto.codec import pack
from splitseem_proto.fields import Plain
from splitseem_proto.plain import to_plain
from splitseem_proto.vectors.messages import embedding, embedding_plain, float32_bytes, packb, valid_messages


def invalid_cases() -> dict[str, tuple[str, bytes]]:
    """Refusal and bytes by the name of the file."""
    cases = {name: (refusal, packb(_edited(start, edit))) for name, refusal, start, edit in _EDITS}
    return cases | _byte_cases()


def _byte_cases() -> dict[str, tuple[str, bytes]]:
    good = pack(valid_messages()["prompt_click"])
    whole = pack(embedding("int8"))
    return {
        "empty": ("malformed", b""),
        "truncated_first_byte": ("malformed", whole[:1]),
        "truncated_half": ("malformed", whole[: len(whole) // 2]),
        "truncated_last_byte": ("malformed", whole[:-1]),
        "reserved_byte": ("malformed", b"\xc1"),
        "invalid_utf8": ("malformed", good.replace(b"click", b"cl\xffck")),
        "ext_type": ("malformed", good[:-1] + b"\xd4\x01\x00"),
        "array_claims_more_than_came": ("malformed", b"\xdd\xff\xff\xff\xff"),
        "map_claims_more_than_came": ("malformed", b"\xdf\xff\xff\xff\xff"),
        "bin_claims_more_than_came": ("malformed", b"\xc6\xff\xff\xff\xff"),
        "str_claims_more_than_came": ("malformed", b"\xdb\xff\xff\xff\xff"),
        "nested_too_deep": ("malformed", b"\x91" * 2_000),
        "trailing_nil": ("trailing-bytes", good + b"\xc0"),
        "trailing_message": ("trailing-bytes", good + good),
        "top_level_array": ("wrong-type", b"\x90"),
        "integer_map_key": ("wrong-type", bytes([good[0] + 1]) + good[1:] + b"\x01\x02"),
        "duplicate_map_key": ("duplicate", bytes([good[0] + 1]) + good[1:] + msgpack.packb("type") + b"\xc0"),
    }


Edit = Callable[[Plain], object]


def _edited(start: Callable[[], Plain], edit: Edit) -> Plain:
    plain = copy.deepcopy(start())
    edit(plain)
    return plain


def _byte_plain() -> Plain:
    return to_plain(embedding("uint8"))


def _ten_plain() -> Plain:
    return to_plain(embedding("uint10"))


def _lateral_plain() -> Plain:
    return to_plain(embedding("uint10", finest="lateral"))


def _float_plain() -> Plain:
    return to_plain(embedding("float32"))


def _click_plain() -> Plain:
    return to_plain(valid_messages()["prompt_click"])


def _step_plain() -> Plain:
    return to_plain(valid_messages()["step_result"])


def _project_plain() -> Plain:
    return to_plain(valid_messages()["project"])


def _tensor(index: int, **fields: Any) -> Edit:
    return lambda plain: plain["tensors"][index].update(fields)


def _without_tensor(index: int) -> Edit:
    return lambda plain: plain["tensors"].pop(index)


def _geometry(**fields: Any) -> Edit:
    return lambda plain: plain["geometry"].update(fields)


def _top(**fields: Any) -> Edit:
    return lambda plain: plain.update(fields)


def _item(**fields: Any) -> Edit:
    return lambda plain: plain.update(items=[fields])


def _image(**fields: Any) -> Edit:
    return lambda plain: plain["images"][0].update(fields)


def _object(**fields: Any) -> Edit:
    return lambda plain: plain["images"][0]["objects"][0].update(fields)


def _odd(dtype: str, *data: int) -> Edit:
    """One more tensor, of three values that do not fill their last byte."""
    tensor = {"name": "odd", "dtype": dtype, "shape": [1, 1, 3], "data": bytes(data)}
    parts = {"scale": float32_bytes(1), "offset": float32_bytes(0)}
    return lambda plain: plain["tensors"].append({**tensor, **parts})


def _beside(name: str) -> Edit:
    """The last tensor once more, under another name."""
    return lambda plain: plain["tensors"].append({**plain["tensors"][-1], "name": name})


_SIDE = limits.MAX_DIMENSION + 1
_TENSOR = {"name": "x", "dtype": "int8", "shape": [1, 1], "data": b"\x01", "scale": float32_bytes(1)}
_STROKE = [[1, 2]] * (limits.MAX_STROKE_POINTS + 1)

_EDITS: list[tuple[str, str, Callable[[], Plain], Edit]] = [
    ("version_missing", "missing-field", embedding_plain, lambda plain: plain.pop("protocol_version")),
    ("version_2", "unsupported-version", embedding_plain, _top(protocol_version=2)),
    ("version_0", "unsupported-version", _click_plain, _top(protocol_version=0)),
    ("version_float", "wrong-type", _click_plain, _top(protocol_version=1.5)),
    ("version_boolean", "wrong-type", _click_plain, _top(protocol_version=True)),
    ("type_missing", "missing-field", embedding_plain, lambda plain: plain.pop("type")),
    ("type_unknown", "unknown-message", embedding_plain, _top(type="mask")),
    ("fingerprint_not_hex", "invalid-value", embedding_plain, _top(fingerprint="not hexadecimal")),
    ("fingerprint_too_long", "limit-exceeded", embedding_plain, _top(fingerprint="a" * 129)),
    ("key_too_short", "invalid-value", embedding_plain, _top(key="abc")),
    ("key_nil", "wrong-type", embedding_plain, _top(key=None)),
    ("codec_unknown", "unknown-name", embedding_plain, _top(codec="int4")),
    ("codec_other_than_dtype", "invalid-value", embedding_plain, _top(codec="float32")),
    ("geometry_missing", "missing-field", embedding_plain, lambda plain: plain.pop("geometry")),
    ("geometry_three_sizes", "wrong-type", embedding_plain, _geometry(original_hw=[1, 2, 3])),
    ("geometry_float_size", "wrong-type", embedding_plain, _geometry(original_hw=[100.5, 151])),
    ("geometry_zero_size", "invalid-value", embedding_plain, _geometry(input_hw=[0, 54])),
    ("geometry_huge_size", "invalid-value", embedding_plain, _geometry(original_hw=[_SIDE, 151])),
    ("geometry_roi_outside", "invalid-value", embedding_plain, _geometry(roi_xywh=[31, 20, 121, 67])),
    ("geometry_roi_negative", "invalid-value", embedding_plain, _geometry(roi_xywh=[-1, 20, 121, 67])),
    ("geometry_roi_empty", "invalid-value", embedding_plain, _geometry(roi_xywh=[10, 20, 0, 67])),
    ("geometry_padding_cuts", "invalid-value", embedding_plain, _geometry(input_hw=[33, 54])),
    ("tensors_not_array", "wrong-type", embedding_plain, _top(tensors={})),
    (
        "tensors_too_many",
        "limit-exceeded",
        embedding_plain,
        _top(tensors=[_TENSOR] * (limits.MAX_TENSORS + 1)),
    ),
    ("tensor_level0_missing", "missing-field", embedding_plain, _without_tensor(0)),
    ("tensor_mask_features_missing", "missing-field", embedding_plain, _without_tensor(3)),
    (
        "tensor_twice",
        "duplicate",
        embedding_plain,
        lambda plain: plain["tensors"].append(plain["tensors"][0]),
    ),
    ("tensor_name_upper_case", "invalid-value", embedding_plain, _tensor(0, name="Level0")),
    ("tensor_dtype_unknown", "unknown-name", embedding_plain, _tensor(0, dtype="uint2")),
    ("tensor_shape_rank_0", "invalid-value", embedding_plain, _tensor(0, shape=[])),
    ("tensor_shape_rank_5", "limit-exceeded", embedding_plain, _tensor(0, shape=[1, 3, 1, 2, 1])),
    ("tensor_shape_zero", "invalid-value", embedding_plain, _tensor(0, shape=[1, 3, 0, 2])),
    ("tensor_shape_negative", "invalid-value", embedding_plain, _tensor(0, shape=[1, -3, 1, -2])),
    ("tensor_shape_float", "wrong-type", embedding_plain, _tensor(0, shape=[1.5, 3, 1, 2])),
    ("tensor_shape_dimension", "limit-exceeded", embedding_plain, _tensor(0, shape=[1, 3, 1, _SIDE])),
    (
        "tensor_shape_elements",
        "limit-exceeded",
        embedding_plain,
        _tensor(0, shape=[65535, 65535, 65535, 65535]),
    ),
    ("tensor_shape_other_stride", "invalid-value", embedding_plain, _tensor(0, shape=[1, 3, 2, 1])),
    ("lateral_other_stride", "invalid-value", _lateral_plain, _tensor(3, shape=[1, 2, 4, 32])),
    ("lateral_without_level2", "missing-field", _lateral_plain, _without_tensor(2)),
    ("lateral_beside_mask_source", "missing-field", _lateral_plain, _beside("mask_source")),
    ("tensor_data_short", "payload-mismatch", embedding_plain, _tensor(0, data=b"\x00" * 5)),
    ("tensor_data_long", "payload-mismatch", embedding_plain, _tensor(0, data=b"\x00" * 7)),
    ("tensor_data_missing", "missing-field", embedding_plain, lambda plain: plain["tensors"][0].pop("data")),
    ("tensor_data_string", "wrong-type", embedding_plain, _tensor(0, data="000000")),
    (
        "tensor_scale_missing",
        "invalid-value",
        embedding_plain,
        lambda plain: plain["tensors"][0].pop("scale"),
    ),
    ("tensor_scale_short", "payload-mismatch", embedding_plain, _tensor(0, scale=float32_bytes(1, 1))),
    ("tensor_scale_nan", "non-finite", embedding_plain, _tensor(0, scale=float32_bytes(1, math.nan, 1))),
    ("tensor_scale_infinite", "non-finite", embedding_plain, _tensor(0, scale=float32_bytes(1, math.inf, 1))),
    ("tensor_scale_zero", "invalid-value", embedding_plain, _tensor(0, scale=float32_bytes(1, 0, 1))),
    ("tensor_scale_negative", "invalid-value", embedding_plain, _tensor(0, scale=float32_bytes(1, -1, 1))),
    ("tensor_scale_of_floats", "invalid-value", _float_plain, _tensor(0, scale=float32_bytes(1, 1, 1))),
    ("tensor_zero_point_long", "payload-mismatch", embedding_plain, _tensor(0, zero_point=b"\x00" * 4)),
    ("tensor_zero_point_of_floats", "invalid-value", _float_plain, _tensor(0, zero_point=b"\x00" * 3)),
    ("tensor_offset_missing", "invalid-value", _byte_plain, lambda plain: plain["tensors"][0].pop("offset")),
    ("tensor_offset_short", "payload-mismatch", _byte_plain, _tensor(0, offset=float32_bytes(1, 1))),
    ("tensor_offset_nan", "non-finite", _byte_plain, _tensor(0, offset=float32_bytes(1, math.nan, 1))),
    ("tensor_offset_of_int8", "invalid-value", embedding_plain, _tensor(0, offset=float32_bytes(1, 1, 1))),
    ("tensor_zero_point_of_bytes", "invalid-value", _byte_plain, _tensor(0, zero_point=b"\x00" * 3)),
    (
        "tensor_scale_missing_of_bytes",
        "invalid-value",
        _byte_plain,
        lambda plain: plain["tensors"][0].pop("scale"),
    ),
    ("tensor_ten_bits_short", "payload-mismatch", _ten_plain, _tensor(0, data=b"\x00" * 7)),
    ("tensor_ten_bits_odd_rest", "invalid-value", _ten_plain, _odd("uint10", 1, 2, 3, 0x40)),
    ("codec_bytes_of_ten_bits", "invalid-value", _ten_plain, _top(codec="uint8")),
    ("prompt_empty", "invalid-value", _click_plain, _top(items=[])),
    (
        "prompt_too_many",
        "limit-exceeded",
        _click_plain,
        lambda plain: plain.update(items=plain["items"] * 1025),
    ),
    ("prompt_kind_unknown", "unknown-name", _click_plain, _item(kind="lasso", points_xy=[])),
    ("click_without_y", "missing-field", _click_plain, _item(kind="click", x=1.0, label=1)),
    ("click_label_2", "invalid-value", _click_plain, _item(kind="click", x=1.0, y=1.0, label=2)),
    (
        "click_extent_unknown",
        "invalid-value",
        _click_plain,
        _item(kind="click", x=1.0, y=1.0, label=1, extent="huge"),
    ),
    (
        "click_extent_number",
        "wrong-type",
        _click_plain,
        _item(kind="click", x=1.0, y=1.0, label=1, extent=1),
    ),
    ("click_label_boolean", "wrong-type", _click_plain, _item(kind="click", x=1.0, y=1.0, label=True)),
    ("click_nan", "non-finite", _click_plain, _item(kind="click", x=math.nan, y=1.0, label=1)),
    ("click_string", "wrong-type", _click_plain, _item(kind="click", x="1", y=1.0, label=1)),
    ("box_inverted", "invalid-value", _click_plain, _item(kind="box", x0=5.0, y0=1.0, x1=2.0, y1=3.0)),
    ("box_infinite", "non-finite", _click_plain, _item(kind="box", x0=5.0, y0=1.0, x1=math.inf, y1=3.0)),
    (
        "box_label_2",
        "invalid-value",
        _click_plain,
        _item(kind="box", x0=1.0, y0=1.0, x1=2.0, y1=3.0, label=2),
    ),
    (
        "polygon_label_boolean",
        "wrong-type",
        _click_plain,
        _item(kind="polygon", points_xy=[[1, 2], [3, 4], [5, 0]], label=False),
    ),
    ("scribble_empty", "invalid-value", _click_plain, _item(kind="scribble", points_xy=[], label=1)),
    ("scribble_triple", "wrong-type", _click_plain, _item(kind="scribble", points_xy=[[1, 2, 3]], label=1)),
    ("scribble_too_long", "limit-exceeded", _click_plain, _item(kind="scribble", points_xy=_STROKE, label=1)),
    ("paint_empty", "invalid-value", _click_plain, _item(kind="paint", points_xy=[], radius=3, label=1)),
    ("paint_without_radius", "missing-field", _click_plain, _item(kind="paint", points_xy=[[1, 2]], label=1)),
    (
        "paint_radius_zero",
        "invalid-value",
        _click_plain,
        _item(kind="paint", points_xy=[[1, 2]], radius=0, label=1),
    ),
    (
        "paint_radius_huge",
        "invalid-value",
        _click_plain,
        _item(kind="paint", points_xy=[[1, 2]], radius=65_536, label=1),
    ),
    ("repair_size_zero", "invalid-value", _click_plain, _item(kind="repair", method="smooth", size=0)),
    ("repair_smooth_far", "invalid-value", _click_plain, _item(kind="repair", method="smooth", size=257)),
    ("repair_size_float", "wrong-type", _click_plain, _item(kind="repair", method="smooth", size=2.0)),
    ("repair_without_method", "missing-field", _click_plain, _item(kind="repair", size=2)),
    ("mask_prompt_short", "invalid-value", _click_plain, _item(kind="mask", size=[3, 4], counts=[5, 6])),
    ("mask_prompt_float", "wrong-type", _click_plain, _item(kind="mask", size=[3, 4], counts=[5.0, 7])),
    ("mask_prompt_triple", "wrong-type", _click_plain, _item(kind="mask", size=[3, 4, 1], counts=[12])),
    ("polygon_two_points", "invalid-value", _click_plain, _item(kind="polygon", points_xy=[[1, 2], [3, 4]])),
    ("text_blank", "invalid-value", _click_plain, _item(kind="text", text=" \t")),
    ("text_too_long", "limit-exceeded", _click_plain, _item(kind="text", text="ü" * 2049)),
    ("mask_counts_short", "invalid-value", _step_plain, _top(mask={"size": [3, 4], "counts": [5, 6]})),
    ("mask_counts_negative", "invalid-value", _step_plain, _top(mask={"size": [3, 4], "counts": [-1, 13]})),
    (
        "mask_counts_inner_zero",
        "invalid-value",
        _step_plain,
        _top(mask={"size": [3, 4], "counts": [5, 0, 7]}),
    ),
    ("mask_counts_float", "wrong-type", _step_plain, _top(mask={"size": [3, 4], "counts": [11.5]})),
    ("mask_size_zero", "invalid-value", _step_plain, _top(mask={"size": [0, 4], "counts": []})),
    (
        "mask_too_large",
        "invalid-value",
        _step_plain,
        _top(mask={"size": [65535, 65535], "counts": [65535**2]}),
    ),
    ("step_label_without_score", "invalid-value", _step_plain, _top(label_score=None)),
    ("step_label_score_above_1", "invalid-value", _step_plain, _top(label_score=1.5)),
    ("step_score_nan", "non-finite", _step_plain, _top(score=math.nan)),
    ("step_timing_negative", "invalid-value", _step_plain, _top(timings={"step_ms": -1.0})),
    ("step_timings_too_many", "limit-exceeded", _step_plain, _top(timings={f"t{k}": 1.0 for k in range(65)})),
    ("project_format_2", "unsupported-version", _project_plain, _top(format=2)),
    (
        "project_prompt_of_other_size",
        "invalid-value",
        _project_plain,
        _object(prompts=[{"kind": "mask", "size": [4, 3], "counts": [12]}]),
    ),
    ("project_mask_of_other_size", "invalid-value", _project_plain, _image(size_hw=[4, 3])),
    ("project_class_name_blank", "invalid-value", _project_plain, _top(class_names=["dog", " "])),
    ("project_class_names_text", "wrong-type", _project_plain, _top(class_names="dog")),
    ("project_classes_blank", "invalid-value", _project_plain, _top(classes=["\t"])),
    ("project_classes_number", "wrong-type", _project_plain, _top(classes=["dog", 1])),
    ("project_colours_list", "wrong-type", _project_plain, _top(class_colours=["#00bc9b"])),
    ("project_colour_number", "wrong-type", _project_plain, _top(class_colours={"dog": 0xBC9B})),
    ("project_colour_word", "invalid-value", _project_plain, _top(class_colours={"dog": "green"})),
    ("project_colour_short", "invalid-value", _project_plain, _top(class_colours={"dog": "#0b9"})),
    ("project_colour_upper_case", "invalid-value", _project_plain, _top(class_colours={"dog": "#00BC9B"})),
    ("project_colour_and_more", "invalid-value", _project_plain, _top(class_colours={"dog": "#00bc9b\n"})),
    ("project_colour_of_blank", "invalid-value", _project_plain, _top(class_colours={" ": "#00bc9b"})),
    (
        "project_colours_many",
        "limit-exceeded",
        _project_plain,
        _top(class_colours=dict.fromkeys(map(str, range(limits.MAX_CLASS_NAMES + 1)), "#00bc9b")),
    ),
    ("project_state_unknown", "unknown-name", _project_plain, _image(state="todo")),
    ("project_state_boolean", "wrong-type", _project_plain, _image(state=True)),
    ("project_canvas_zero", "invalid-value", _project_plain, _image(canvas=0)),
    ("project_canvas_large", "invalid-value", _project_plain, _image(canvas=65_536)),
    ("project_canvas_text", "wrong-type", _project_plain, _image(canvas="512")),
    ("project_roi_outside", "invalid-value", _project_plain, _object(roi_xywh=[1, 0, 4, 3])),
    ("project_roi_below", "invalid-value", _project_plain, _object(roi_xywh=[0, 1, 4, 3])),
    ("project_roi_empty", "invalid-value", _project_plain, _object(roi_xywh=[0, 0, 4, 0])),
    ("project_roi_negative", "invalid-value", _project_plain, _object(roi_xywh=[-1, 0, 2, 2])),
    ("project_roi_of_three", "wrong-type", _project_plain, _object(roi_xywh=[0, 0, 4])),
    ("project_roi_float", "wrong-type", _project_plain, _object(roi_xywh=[0, 0, 4, 2.5])),
    ("project_note_number", "wrong-type", _project_plain, _image(note=3)),
    ("project_key_empty", "invalid-value", _project_plain, _image(key="")),
    ("project_digest_short", "invalid-value", _project_plain, _image(file_sha256="ab" * 31)),
    ("project_number_zero", "invalid-value", _project_plain, _object(number=0)),
    ("project_number_too_large", "invalid-value", _project_plain, _object(number=65_536)),
    ("project_number_float", "wrong-type", _project_plain, _object(number=1.5)),
    ("project_origin_unknown", "unknown-name", _project_plain, _object(label_origin="guess")),
    ("project_locked_text", "wrong-type", _project_plain, _object(locked="yes")),
    ("project_group_zero", "invalid-value", _project_plain, _object(group=0)),
    ("project_track_zero", "invalid-value", _project_plain, _object(track=0)),
    ("project_attribute_number", "wrong-type", _project_plain, _object(attributes={"age": 3})),
    (
        "project_attributes_many",
        "limit-exceeded",
        _project_plain,
        _object(attributes=dict.fromkeys(map(str, range(65)), "x")),
    ),
    ("project_overlap_unknown", "unknown-name", _project_plain, _top(overlap="fights")),
    (
        "project_select_without_values",
        "invalid-value",
        _project_plain,
        _top(attributes=[{"class": "dog", "name": "colour", "kind": "select"}]),
    ),
    (
        "project_attribute_kind_unknown",
        "unknown-name",
        _project_plain,
        _top(attributes=[{"class": "dog", "name": "colour", "kind": "radio"}]),
    ),
    ("project_hidden_integer", "wrong-type", _project_plain, _object(hidden=1)),
    ("project_id_too_long", "limit-exceeded", _project_plain, _object(id="a" * 129)),
    (
        "project_objects_missing",
        "missing-field",
        _project_plain,
        lambda plain: plain["images"][0].pop("objects"),
    ),
]
