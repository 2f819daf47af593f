"""Annotates tasks of CVAT by words:

    cvat-cli task auto-annotate 7 --function-module splitseem_cvat.detection \\
        -p server=str:http://127.0.0.1:8000 -p words=str:dog,cat
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from splitseem_cvat.shapes import client_of, outlines_of, points_of

SURE = 0.5
"""Confidence from which on things are kept, unless the caller says otherwise."""


class _Detection:
    """A detection function of cvat_sdk: everything that words name, each word a label.

    Args:
        server: address of the splitseem server.
        words: labels of the task, with commas between.
        api_key: None: that of `SPLITSEEM_API_KEY`, if there is one.
    """

    def __init__(self, server: str, words: str, api_key: str | None = None) -> None:
        self._words = list(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
        if not self._words:
            raise ValueError("words: expected labels of the task, with commas between")
        self._client = client_of(server, api_key)

    @cached_property
    def spec(self) -> Any:
        """The labels."""
        import cvat_sdk.auto_annotation as cvataa

        labels = [cvataa.label_spec(word, number, type="mask") for number, word in enumerate(self._words)]
        return cvataa.DetectionFunctionSpec(labels=labels)

    def detect(self, context: Any, image: Any) -> list[Any]:
        """Masks, or polygons where CVAT wants those, of all that the words name in an image of Pillow."""
        import cvat_sdk.auto_annotation as cvataa

        least = SURE if context.conf_threshold is None else context.conf_threshold
        opened = self._client.image(image)
        found = [
            (number, one.mask)
            for number, word in enumerate(self._words)
            for one in opened.find(word)
            if one.score >= least and one.mask.any()
        ]
        if context.conv_mask_to_poly:
            return [cvataa.polygon(number, points) for number, mask in found for points in outlines_of(mask)]
        return [cvataa.mask(number, points_of(mask)) for number, mask in found]


create = _Detection
