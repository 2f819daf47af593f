"""Videos among the photos of a project are found alike in Python and in the page."""

import json
from pathlib import Path
from typing import Any

import pytest

from splitseem_cli.files.coco import coco_of
from splitseem_cli.files.videos import videos_of
from splitseem_proto import CocoRle, Project, ProjectImage, ProjectObject

pytestmark = pytest.mark.unit

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "videos.json"
CASES = json.loads(VECTORS.read_text())["cases"]


def images_of(case: dict[str, Any]) -> list[ProjectImage]:
    def object_of(size: list[int], track: int) -> ProjectObject:
        return ProjectObject((), CocoRle((size[0], size[1]), (0, 24)), None, None, track=track)

    return [
        ProjectImage(name, (size[0], size[1]), None, tuple(object_of(size, track) for track in tracks))
        for name, size, tracks in case["photos"]
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_videos_are_those_of_the_page(case: dict[str, Any]) -> None:
    found = [vars(video) for video in videos_of(images_of(case))]
    assert found == case["videos"]


def test_coco_says_which_frame_of_which_video_a_photo_is() -> None:
    case = next(case for case in CASES if len(case["videos"]) == 2)
    coco = coco_of(Project(tuple(images_of(case))))
    assert coco["videos"] == [
        {"id": 1, "name": "a", "width": 6, "height": 4, "length": 4},
        {"id": 2, "name": "b", "width": 6, "height": 4, "length": 2},
    ]
    assert [(image["video_id"], image["frame_id"]) for image in coco["images"]] == [
        (1, 0),
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 0),
        (2, 1),
    ]
    assert [one["track_id"] for one in coco["annotations"]] == [1, 1, 2, 4, 2, 3, 3]


def test_photos_without_a_video_are_told_as_ever() -> None:
    coco = coco_of(Project(tuple(images_of(CASES[0]))))
    assert "videos" not in coco
    assert all("video_id" not in image for image in coco["images"])
