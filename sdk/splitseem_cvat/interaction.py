"""Answers clicks and boxes of CVAT's page, as an agent:

    cvat-cli function create-native splitseem --function-module splitseem_cvat.interaction \\
        -p server=str:http://127.0.0.1:8000
    cvat-cli function run-agent ID --function-module splitseem_cvat.interaction -p server=str:http://127.0.0.1:8000
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from splitseem import Box, Click, Image
from splitseem_cvat.shapes import client_of, points_of


class _Interaction:
    """An interaction function of cvat_sdk: an image is embedded once, and prompts are answered here.

    Args:
        server: address of the splitseem server.
        api_key: None: that of `SPLITSEEM_API_KEY`, if there is one.
    """

    def __init__(self, server: str, api_key: str | None = None) -> None:
        self._client = client_of(server, api_key)

    @cached_property
    def spec(self) -> Any:
        """Any points, and a box where one is drawn."""
        import cvat_sdk.auto_annotation as cvataa

        return cvataa.InteractionFunctionSpec(min_pos_points=0, min_neg_points=0, min_bounding_boxes=0)

    def preprocess_image(self, context: Any, image: Any) -> Image:
        """An image of Pillow, ready for prompts."""
        return self._client.image(image)

    def detect(self, context: Any, pp_image: Image, prompts: Any) -> list[Any]:
        """The object that the box, then the points on it, then those beside it mean."""
        import cvat_sdk.auto_annotation as cvataa

        boxes = [] if prompts.bounding_box is None else [_box(*prompts.bounding_box)]
        on, off = prompts.pos_points, prompts.neg_points
        items = [*boxes, *(Click(x, y) for x, y in on), *(Click(x, y, 0) for x, y in off)]
        mask = pp_image.segment(items).mask if items else None
        if mask is None or not mask.any():
            return []
        return [cvataa.InteractionResultShape(type="mask", points=points_of(mask))]


def _box(corner_xy: tuple[float, float], other_xy: tuple[float, float]) -> Box:
    return Box(*corner_xy, *other_xy)


create = _Interaction
