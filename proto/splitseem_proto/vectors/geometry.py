"""Points in the image frame and in the input frame, and geometries that are refused."""

from __future__ import annotations

from splitseem_proto.fields import Plain
from splitseem_proto.geometry import ImageGeometry
from splitseem_proto.vectors.messages import GEOMETRY


def geometry_cases() -> Plain:
    """Content of `geometry.json`."""
    geometries = {
        "identity": ImageGeometry.whole_image((64, 96), (64, 96), (64, 96)),
        "landscape": ImageGeometry.whole_image((427, 640), (256, 384), (256, 384)),
        "portrait_padded": ImageGeometry.whole_image((641, 479), (384, 287), (384, 288)),
        "enlarged": ImageGeometry.whole_image((7, 5), (384, 274), (384, 288)),
        "region": GEOMETRY,
        "one_pixel": ImageGeometry.whole_image((1, 1), (32, 32), (32, 32)),
    }
    return {
        "cases": [_geometry_case(name, geometry) for name, geometry in geometries.items()],
        "refused": [{"name": name, "geometry": {**_GOOD, **edit}} for name, edit in _REFUSED.items()],
    }


def _geometry_case(name: str, geometry: ImageGeometry) -> Plain:
    height, width = geometry.original_hw
    points_image = [
        [0.0, 0.0],
        [0.5, 0.5],
        [width - 0.5, height - 0.5],
        [float(width), float(height)],
        [width / 2, height / 2],
        [width * 0.3, height * 0.7],
    ]
    points_input = geometry.image_to_input(points_image)
    return {
        "name": name,
        "geometry": {
            "original_hw": list(geometry.original_hw),
            "roi_xywh": list(geometry.roi_xywh),
            "input_hw": list(geometry.input_hw),
            "padded_hw": list(geometry.padded_hw),
        },
        "points_image": points_image,
        "points_input": points_input.tolist(),
        "inside_input": geometry.inside_input(points_input).tolist(),
    }


_GOOD = {"original_hw": [9, 9], "roi_xywh": [0, 0, 9, 9], "input_hw": [9, 9], "padded_hw": [9, 9]}
_REFUSED: dict[str, Plain] = {
    "zero_side": {"input_hw": [0, 9]},
    "side_65536": {"original_hw": [9, 65536]},
    "roi_right": {"roi_xywh": [1, 0, 9, 9]},
    "roi_bottom": {"roi_xywh": [0, 1, 9, 9]},
    "roi_left": {"roi_xywh": [-1, 0, 9, 9]},
    "roi_top": {"roi_xywh": [0, -1, 9, 9]},
    "roi_empty": {"roi_xywh": [0, 0, 9, 0]},
    "padding_cuts": {"padded_hw": [9, 8]},
}
