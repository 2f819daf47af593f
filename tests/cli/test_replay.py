"""`splitseem replay`: a saved project and its photos give the masks again."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from splitseem_cli.main import main
from splitseem_cli.options.model import ModelOptions
from splitseem_proto import (
    Click,
    CocoRle,
    Project,
    ProjectImage,
    ProjectObject,
    Prompt,
    PromptItem,
    decode_rle,
    encode_rle,
    project_from_dict,
    to_plain,
)

WIDTH, HEIGHT = 60, 40

pytestmark = pytest.mark.unit


def disk(x: float, y: float, radius: float = 6) -> Any:
    yy, xx = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    return (xx - x) ** 2 + (yy - y) ** 2 < radius**2


def an_object(*prompts: PromptItem, mask: Any = None, number: int = 1) -> ProjectObject:
    rle = None if mask is None else encode_rle(mask)
    return ProjectObject(prompts, rle, "disk", 0.5, {"step": 3.0}, number=number)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photos" / "photo.png"
    path.parent.mkdir()
    Image.new("RGB", (WIDTH, HEIGHT), "navy").save(path)
    return path


def saved(folder: Path, *images: ProjectImage) -> Path:
    path = folder / "project.splitseem.json"
    path.write_text(json.dumps(to_plain(Project(images))))
    return path


def image_of(photo: Path, *objects: ProjectObject, digest: str | None = None) -> ProjectImage:
    sha256 = digest or hashlib.sha256(photo.read_bytes()).hexdigest()
    return ProjectImage(photo.name, (HEIGHT, WIDTH), None, objects, sha256)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


def test_masks_that_prompts_give_are_equal_to_those_saved(photo: Path, tmp_path: Path) -> None:
    mask = disk(20, 15) & ~disk(24.5, 15, 3)
    right = an_object(Click(20, 15, 1), Click(24.5, 15, 0), mask=mask)
    project = saved(tmp_path, image_of(photo, right, an_object(number=2)))
    result = run(project, photo.parent, "--at-least", "1")
    assert result.exit_code == 0, result.output
    assert "1 objects made again" in result.output
    assert "lowest 1.0000" in result.output


def test_a_mask_that_differs_is_named_and_fails_where_that_is_asked(photo: Path, tmp_path: Path) -> None:
    moved = an_object(Click(20, 15, 1), mask=disk(21, 15), number=7)
    project, figures = saved(tmp_path, image_of(photo, moved)), tmp_path / "figures.json"
    assert run(project, photo).exit_code == 0
    result = run(project, photo, "--at-least", "0.99", "--json", figures)
    assert result.exit_code == 1
    assert "object 7 of photo.png" in result.output
    (row,) = json.loads(figures.read_text())
    assert row["iou"] == pytest.approx(
        (disk(20, 15) & disk(21, 15)).sum() / (disk(20, 15) | disk(21, 15)).sum()
    )
    assert (row["number"], row["area"], row["saved_area"]) == (7, disk(20, 15).sum(), disk(21, 15).sum())


def test_the_project_that_is_written_holds_the_new_masks(photo: Path, tmp_path: Path) -> None:
    moved = an_object(Click(20, 15, 1), mask=disk(30, 15))
    project, out = saved(tmp_path, image_of(photo, moved)), tmp_path / "again.splitseem.json"
    assert run(project, photo, "-o", out).exit_code == 0
    (image,) = project_from_dict(json.loads(out.read_text())).images
    (item,) = image.objects
    assert item.mask is not None
    np.testing.assert_array_equal(decode_rle(item.mask), disk(20, 15))
    assert (item.score, item.label, item.prompts) == (1.0, "disk", moved.prompts)


FIRST, SECOND = disk(20, 15), disk(25, 15)


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [(None, (FIRST, SECOND)), ("gives-way", (FIRST, SECOND & ~FIRST)), ("eats", (FIRST & ~SECOND, SECOND))],
)
def test_the_masks_written_as_coco_share_pixels_as_the_project_says(
    photo: Path, tmp_path: Path, overlap: str | None, expected: tuple[Any, Any]
) -> None:
    two = (an_object(Click(20, 15, 1)), an_object(Click(25, 15, 1), number=2))
    project, out = tmp_path / "project.json", tmp_path / "again.json"
    nothing = replace(an_object(mask=np.zeros((HEIGHT, WIDTH), np.bool_), number=3), label_origin="model")
    saved_project = Project((image_of(photo, *two, nothing),), overlap=overlap, classes=("cat", "disk"))
    project.write_text(json.dumps(to_plain(saved_project)))
    assert run(project, photo, "--coco", out).exit_code == 0
    written = json.loads(out.read_text())
    assert [one["name"] for one in written["categories"]] == ["cat", "disk"]
    assert written["images"] == [{"id": 1, "file_name": "photo.png", "width": WIDTH, "height": HEIGHT}]
    masks = [decode_rle(CocoRle(**one["segmentation"])) for one in written["annotations"]]
    np.testing.assert_array_equal(masks, expected)
    for mask, one in zip(masks, written["annotations"], strict=True):
        x, y, width, height = one["bbox"]
        assert mask[y : y + height, x : x + width].sum() == mask.sum() == one["area"]
        assert mask[y].any()
        assert mask[:, x + width - 1].any()
        assert one["category_id"] == 2


def test_what_is_said_of_classes_stays_in_the_project(photo: Path, tmp_path: Path) -> None:
    image = image_of(photo, an_object(Click(20, 15, 1), mask=disk(20, 15)))
    project, out = tmp_path / "project.json", tmp_path / "again.json"
    said = Project((image,), classes=("disk", "cat"), overlap="eats", class_colours={"disk": "#00bc9b"})
    project.write_text(json.dumps(to_plain(said)))
    assert run(project, photo, "-o", out).exit_code == 0
    again = json.loads(out.read_text())
    assert [again[name] for name in ("classes", "overlap", "class_colours")] == [
        ["disk", "cat"],
        "eats",
        {"disk": "#00bc9b"},
    ]


def test_photos_are_found_by_content_under_any_name_and_by_name_in_another_encoding(
    photo: Path, tmp_path: Path
) -> None:
    right = an_object(Click(20, 15, 1), mask=disk(20, 15))
    renamed = photo.rename(photo.with_name("renamed.png"))
    other = replace_name(image_of(renamed, right), "photo.png")
    assert run(saved(tmp_path, other), renamed, "--at-least", "1").exit_code == 0
    by_name = image_of(renamed, right, digest="0" * 64)
    assert run(saved(tmp_path, by_name), renamed, "--at-least", "1").exit_code == 0


def replace_name(image: ProjectImage, name: str) -> ProjectImage:
    return ProjectImage(name, image.size_hw, image.key, image.objects, image.file_sha256)


def test_objects_without_their_photo_are_named_and_keep_their_masks(photo: Path, tmp_path: Path) -> None:
    right = an_object(Click(20, 15, 1), mask=disk(20, 15))
    absent = ProjectImage("absent.png", (HEIGHT, WIDTH), None, (an_object(Click(1, 1, 1), mask=disk(9, 9)),))
    project, out = saved(tmp_path, image_of(photo, right), absent), tmp_path / "again.json"
    result = run(project, photo, "-o", out)
    assert result.exit_code == 0
    assert "left as it was: absent.png, 1 objects" in result.output
    kept = project_from_dict(json.loads(out.read_text())).images[1]
    assert kept == absent


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "is not JSON"),
        (json.dumps(to_plain(Prompt((Click(1, 1, 1),)))), "no project"),
        ("[]", "expected a map"),
    ],
)
def test_what_is_no_project_is_refused(photo: Path, tmp_path: Path, content: str, what: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    result = run(path, photo)
    assert result.exit_code == 2
    assert what in result.output


def test_a_photo_of_another_size_is_refused(photo: Path, tmp_path: Path) -> None:
    right = an_object(Click(20, 15, 1), mask=disk(20, 15))
    project = saved(tmp_path, image_of(photo, right, digest="0" * 64))
    Image.new("RGB", (10, 10)).save(photo)
    result = run(project, photo)
    assert result.exit_code == 2
    assert "has 10 x 10 pixels" in result.output


def test_no_photo_of_the_project_is_refused(photo: Path, tmp_path: Path) -> None:
    absent = ProjectImage("absent.png", (HEIGHT, WIDTH), None, ())
    result = run(saved(tmp_path, absent), photo)
    assert result.exit_code == 2
    assert "none of the photos" in result.output


def test_a_photo_is_embedded_on_the_canvas_that_the_project_names(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    load = ModelOptions.load

    def recording(options: ModelOptions) -> Any:
        predictor = load(options)

        class Recording(type(predictor)):  # type: ignore[misc]
            def encode(self, *arguments: Any, canvas: int | None, **named: Any) -> Any:
                asked.append(canvas)
                return super().encode(*arguments, canvas=canvas, **named)

        return Recording(options)

    monkeypatch.setattr(ModelOptions, "load", recording)
    usual = image_of(photo, an_object(Click(20, 15, 1)))

    def again(image: ProjectImage, *options: object) -> int | None:
        out = tmp_path / "again.json"
        result = run(saved(tmp_path, image), photo, "-o", out, *options)
        assert result.exit_code == 0, result.output
        return project_from_dict(json.loads(out.read_text())).images[0].canvas

    large = replace(usual, canvas=768)
    assert [again(usual), again(large), again(large, "--canvas", 256)] == [None, 768, 256]
    assert asked == [None, 768, 256]


def test_an_object_is_answered_on_the_part_of_the_photo_that_it_names(photo: Path, tmp_path: Path) -> None:
    part = (18, 10, 30, 20)
    inside = np.zeros((HEIGHT, WIDTH), np.bool_)
    inside[10:30, 18:48] = True
    whole = an_object(Click(20, 15, 1), mask=disk(20, 15))
    sharp = replace(an_object(Click(20, 15, 1), mask=disk(20, 15) & inside, number=2), roi_xywh=part)
    project, out = saved(tmp_path, image_of(photo, whole, sharp, whole, sharp)), tmp_path / "again.json"
    result = run(project, photo, "--at-least", "1", "-o", out)
    assert result.exit_code == 0, result.output
    written = project_from_dict(json.loads(out.read_text())).images[0].objects
    assert [item.roi_xywh for item in written] == [None, part, None, part]
