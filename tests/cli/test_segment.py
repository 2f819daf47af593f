"""`splitseem segment`: prompts in order, one round each, and files by suffix."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image

from splitseem_cli.files.images import read_stroke
from splitseem_cli.options.model import ModelOptions
from splitseem_cli.segment import command
from splitseem_proto import CocoRle, decode_rle

WIDTH, HEIGHT = 60, 40

pytestmark = pytest.mark.unit


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (WIDTH, HEIGHT), "navy").save(path)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def document(photo: Path, *arguments: object) -> dict[str, Any]:
    path = photo.with_name("out.json")
    result = run(photo, *arguments, "-o", path)
    assert result.exit_code == 0, result.output
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def mask_in(rle: dict[str, Any]) -> NDArray[np.bool_]:
    return decode_rle(CocoRle((rle["size"][0], rle["size"][1]), tuple(rle["counts"])))


def disk(x: float, y: float, radius: float) -> NDArray[np.bool_]:
    yy, xx = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    inside: NDArray[np.bool_] = (xx - x) ** 2 + (yy - y) ** 2 < radius**2
    return inside


def test_json_holds_mask_label_score_and_prompts(photo: Path) -> None:
    found = document(photo, "--point", "20,15", "--negative", "24.5,15")
    expected = disk(20, 15, 6) & ~disk(24.5, 15, 3)
    np.testing.assert_array_equal(mask_in(found), expected)
    assert found["area"] == expected.sum()
    assert (found["label"], found["label_score"], found["score"]) == ("disk", 0.75, 2.0)
    assert found["prompts"] == [
        {"kind": "click", "x": 20.0, "y": 15.0, "label": 1},
        {"kind": "click", "x": 24.5, "y": 15.0, "label": 0},
    ]
    assert (found["image"], found["model"]) == ("photo.png", "disks")


def test_a_click_may_mean_less_or_more_than_the_first_mask(photo: Path) -> None:
    prompts = document(photo, "--point", "20,15", "--smaller", "20,15", "--larger", "21,15")["prompts"]
    assert [item.get("extent") for item in prompts] == [None, "smaller", "larger"]


def test_negative_regions_are_prompts_of_their_own(photo: Path) -> None:
    regions = ("--negative-box", "9,9,1,1", "--negative-polygon", "1,1,30,1,30,30")
    assert document(photo, "--point", "20,15", *regions)["prompts"][1:] == [
        {"kind": "box", "x0": 1.0, "y0": 1.0, "x1": 9.0, "y1": 9.0, "label": 0},
        {"kind": "polygon", "points_xy": [[1.0, 1.0], [30.0, 1.0], [30.0, 30.0]], "label": 0},
    ]


def test_brushes_and_masks_are_prompts_of_their_own(photo: Path) -> None:
    drawn = photo.with_name("drawn.png")
    Image.fromarray(np.uint8(255) * disk(30, 20, 5)).save(drawn)
    given = ("--set-mask", drawn, "--paint", "2.5:9,9,20,9.5", "--erase", "0.1:3,4")
    mask, *strokes = document(photo, *given)["prompts"]
    assert mask["kind"] == "mask"
    np.testing.assert_array_equal(mask_in(mask), disk(30, 20, 5))
    assert strokes == [
        {"kind": "paint", "points_xy": [[9.0, 9.0], [20.0, 9.5]], "radius": 2.5, "label": 1},
        {"kind": "paint", "points_xy": [[3.0, 4.0]], "radius": 0.1, "label": 0},
    ]


def test_bounding_box_is_left_top_width_height(photo: Path) -> None:
    assert document(photo, "--point", "20,15")["bbox"] == [14, 9, 12, 12]
    assert document(photo, "--negative", "20,15")["bbox"] == [0, 0, 0, 0]


def test_prompts_keep_the_order_of_the_command_line(photo: Path) -> None:
    kinds = document(
        photo,
        *("--negative", "9,9", "--box", "1,1,9,9", "--point", "20,15"),
        *("--polygon", "1,1,30,1,30,30", "--text", "a disk", "--negative=5,5", "--point", "30,15"),
    )["prompts"]
    assert [(item["kind"], item.get("label")) for item in kinds] == [
        ("click", 0),
        ("box", None),
        ("click", 1),
        ("polygon", None),
        ("text", None),
        ("click", 0),
        ("click", 1),
    ]


def test_order_decides_the_mask(photo: Path) -> None:
    added_last = document(photo, "--negative", "24,15", "--point", "20,15")
    removed_last = document(photo, "--point", "20,15", "--negative", "24,15")
    assert added_last["area"] > removed_last["area"]


def test_all_rounds_keeps_the_mask_of_every_prompt(photo: Path) -> None:
    found = document(photo, "--point", "20,15", "--negative", "24,15", "--point", "40,20", "--all-rounds")
    assert [entry["num_prompts"] for entry in found["rounds"]] == [1, 2, 3]
    np.testing.assert_array_equal(mask_in(found["rounds"][0]), disk(20, 15, 6))
    np.testing.assert_array_equal(mask_in(found["rounds"][2]), mask_in(found))
    assert "rounds" not in document(photo, "--point", "20,15")


def test_scribble_is_one_round_of_its_pixels(photo: Path) -> None:
    stroke = np.zeros((HEIGHT, WIDTH), np.uint8)
    stroke[10, 10:14] = 255
    Image.fromarray(stroke).save(photo.with_name("stroke.png"))
    found = document(photo, "--point", "40,20", "--scribble", photo.with_name("stroke.png"), "--all-rounds")
    assert [entry["num_prompts"] for entry in found["rounds"]] == [1, 5]
    assert found["prompts"][1] == {"kind": "click", "x": 10.5, "y": 10.5, "label": 1}


def test_transparent_pixels_of_a_scribble_are_not_drawn(photo: Path) -> None:
    stroke = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    stroke[..., 3] = 0
    stroke[3, 4, 3] = 255
    Image.fromarray(stroke).save(photo.with_name("stroke.png"))
    found = document(photo, "--scribble", photo.with_name("stroke.png"))
    assert [(item["x"], item["y"]) for item in found["prompts"]] == [(4.5, 3.5)]


def test_box_corners_may_come_in_any_order(photo: Path) -> None:
    (box,) = document(photo, "--box", "30,5,10,25")["prompts"]
    assert box == {"kind": "box", "x0": 10.0, "y0": 5.0, "x1": 30.0, "y1": 25.0}


def test_png_is_a_mask_of_the_whole_image(photo: Path) -> None:
    out = photo.with_name("mask.PNG")
    assert run(photo, "--point", "20,15", "-o", out).exit_code == 0
    pixels = np.asarray(Image.open(io.BytesIO(out.read_bytes())))
    np.testing.assert_array_equal(pixels, disk(20, 15, 6).astype(np.uint8) * 255)


def test_jpeg_tints_the_object_and_nothing_else(photo: Path) -> None:
    out = photo.with_name("overlay.jpg")
    assert run(photo, "--point", "20,15", "-o", out).exit_code == 0
    pixels = np.asarray(Image.open(io.BytesIO(out.read_bytes()))).astype(int)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert pixels[15, 20, 0] > 80
    assert pixels[35, 55, 0] < 20


def test_svg_has_the_size_of_the_image_and_the_outline(photo: Path) -> None:
    out = photo.with_name("outline.svg")
    assert run(photo, "--point", "20,15", "-o", out).exit_code == 0
    svg = out.read_text()
    assert 'viewBox="0 0 60 40"' in svg
    assert svg.count("M") == svg.count("Z") == 1


def test_exif_orientation_turns_the_image(photo: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored a quarter turn off
    Image.new("RGB", (WIDTH, HEIGHT)).save(photo, exif=exif)
    assert document(photo, "--point", "20,55")["size"] == [WIDTH, HEIGHT]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_drawing_is_turned_upright_by_its_own_mark(photo: Path, orientation: int) -> None:
    upright = np.zeros((HEIGHT, WIDTH), np.uint8)
    upright[4:9, 40:52] = 255
    expected = {(x + 0.5, y + 0.5) for y in range(4, 9) for x in range(40, 52)}
    drawing = photo.with_name("drawing.png")
    save_turned(Image.fromarray(upright), drawing, orientation)
    save_turned(Image.new("RGB", (WIDTH, HEIGHT)), photo, 9 - orientation)  # a mark of its own
    found = document(photo, "--scribble", drawing)
    assert {(item["x"], item["y"]) for item in found["prompts"]} == expected
    np.testing.assert_array_equal(read_stroke(drawing, (HEIGHT, WIDTH), "mask"), upright > 0)
    assert found["bbox"] == [40 - 5, 0, 12 + 10, 9 + 5]


def save_turned(upright: Image.Image, path: Path, orientation: int) -> None:
    """Store a picture so that it is upright once its mark is applied."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    stored.save(path, exif=exif)


def test_a_drawing_on_its_side_is_refused_with_what_to_do(photo: Path) -> None:
    save_turned(Image.new("RGB", (WIDTH, HEIGHT)), photo, 6)
    Image.new("L", (HEIGHT, WIDTH), 255).save(photo.with_name("stored.png"))
    result = run(photo, "--scribble", photo.with_name("stored.png"), "-o", photo.with_name("out.png"))
    assert result.exit_code == 2
    assert "has 40 x 60 pixels, the image 60 x 40 pixels; it lies on its side" in result.stderr


def test_model_options_reach_the_model(photo: Path, loaded: list[ModelOptions]) -> None:
    document(
        photo, "--point", "9,9", "--model", "m", "--runtime", "onnx", "--codec", "int8", "--canvas", "256"
    )
    assert loaded == [ModelOptions("m", None, "onnx", "int8", 256)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no prompt"),
        (["--point", "61,5"], "(61, 5) is outside the image of 60 x 40 pixels"),
        (["--negative", "5,-1"], "outside the image"),
        (["--box", "1,1,70,9"], "outside the image"),
        (["--box", "5,5,5,9"], "x0 < x1"),
        (["--polygon", "1,1,2,2,99,3"], "outside the image"),
        (["--point", "1;2"], "is no number"),
        (["--point", "1,2,3"], "it has 3 numbers"),
        (["--point", "nan,2"], "outside the image"),
        (["--polygon", "1,1,2,2"], "it has 4 numbers"),
        (["--paint", "5,5"], "begins with no radius"),
        (["--paint", "x:5,5"], "begins with no radius"),
        (["--paint", "2:5"], "it has 1 numbers"),
        (["--paint", "0:5,5"], "radius must be above 0"),
        (["--erase", "2:5,50"], "outside the image"),
        (["--set-mask", "nowhere.png"], "no such image"),
        (["--scribble", "nowhere.png"], "no such image"),
        (["--text", " "], "must not be blank"),
        (["--point", "1,1", "--example", "b.png"], "go together"),
        (["--point", "1,1", "--example-point", "1,1"], "go together"),
        (["--audio-text", "  "], "must not be blank"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_impossible_prompt_is_refused(
    photo: Path, loaded: list[ModelOptions], arguments: list[str], message: str
) -> None:
    result = run(photo, *arguments, "-o", photo.with_name("out.png"))
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert loaded == []  # nothing expensive was begun


@pytest.mark.parametrize(("size", "message"), [((60, 41), "60 x 41 pixels"), ((60, 40), "is empty")])
def test_scribble_that_does_not_fit_is_refused(photo: Path, size: tuple[int, int], message: str) -> None:
    Image.new("L", size).save(photo.with_name("stroke.png"))
    result = run(photo, "--scribble", photo.with_name("stroke.png"), "-o", photo.with_name("out.png"))
    assert result.exit_code == 2
    assert message in result.stderr


def test_unknown_suffix_is_refused_with_the_known_ones(photo: Path) -> None:
    result = run(photo, "--point", "5,5", "-o", photo.with_name("out.bmp"))
    assert result.exit_code == 2
    assert ".png, .json, .svg, .jpg" in result.stderr


@pytest.mark.parametrize("content", [None, b"", b"not an image"], ids=["missing", "empty", "text"])
def test_unreadable_image_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "photo.jpg"
    if content is not None:
        path.write_bytes(content)
    result = run(path, "--point", "5,5", "-o", tmp_path / "out.png")
    assert result.exit_code == 2
    assert "photo.jpg" in result.stderr
    assert "Traceback" not in result.output


def test_folder_that_does_not_exist_is_refused(photo: Path) -> None:
    result = run(photo, "--point", "5,5", "-o", photo.parent / "absent" / "out.png")
    assert result.exit_code == 2
    assert "absent" in result.stderr


def test_transparent_photo_is_laid_over_white_as_the_service_does(photo: Path) -> None:
    Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0)).save(photo)
    out = photo.with_name("overlay.jpg")
    assert run(photo, "--point", "20,15", "-o", out).exit_code == 0
    assert np.asarray(Image.open(io.BytesIO(out.read_bytes())))[35, 55].min() > 240
