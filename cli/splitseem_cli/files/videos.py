"""Which photos of a project are frames of one video: nothing but their names and tracks says so
(`proto/vectors/videos.json`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from splitseem_proto import ProjectImage


@dataclass(frozen=True)
class Video:
    """Photos of a project, by their places; the last one is of the video, too."""

    name: str
    first: int
    last: int


def videos_of(images: Sequence[ProjectImage]) -> list[Video]:
    """Neighbours of one size are of one video where a thing is followed from one to the other, or their names
    go on."""
    followed = _followed_places(images)
    videos: list[Video] = []
    first = 0
    for place, image in enumerate(images):
        after = images[place + 1] if place + 1 < len(images) else None
        if (
            after is not None
            and after.size_hw == image.size_hw
            and (place in followed or _stem(after.name) == _stem(image.name))
        ):
            continue
        if not followed.isdisjoint(range(first, place)):
            videos.append(Video(_stem(images[first].name), first, place))
        first = place + 1
    return videos


def _followed_places(images: Sequence[ProjectImage]) -> set[int]:
    """The places from which a thing is followed to the next one."""
    places: dict[int, list[int]] = {}
    for place, image in enumerate(images):
        for item in image.objects:
            if item.track is not None:
                places.setdefault(item.track, []).append(place)
    return {place for found in places.values() for place in range(found[0], found[-1])}


def _stem(name: str) -> str:
    """ "clip" of "clip-0001.jpg"; of other names all but the ending."""
    return re.sub(r"(?<=.)-[0-9]+$", "", re.sub(r"(?<=.)\.[^.]*$", "", name))
