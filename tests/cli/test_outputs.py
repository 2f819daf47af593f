"""No command writes over its input, and none leaves half a file: held for every command there is."""

import ast
import gzip
import json
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from splitseem_cli import segment
from splitseem_cli.commands import WRITING_OPTIONS, Command, writes_files
from splitseem_cli.failures import Refused
from splitseem_cli.files.outputs import Outputs
from splitseem_cli.main import COMMANDS, module_of
from splitseem_cli.options.model import ModelOptions
from splitseem_proto import encode_rle

pytestmark = pytest.mark.unit

PACKAGE = Path(segment.__file__).parent
NEEDS = {"segment": ["--point", "1,1"]}
"""What a command asks for beside files."""


def command_of(name: str) -> click.Command:
    command: click.Command = import_module(module_of(name)).command
    return command


def writing_pairs() -> Iterator[tuple[str, str, str]]:
    """Command, option that writes, and parameter that reads, for all there are."""
    for name in COMMANDS:
        parameters = command_of(name).params
        for output in filter(writes_files, parameters):
            for source in parameters:
                if not writes_files(source) and (
                    isinstance(source.type, click.Path) or source.name == "model"
                ):
                    yield name, output.opts[-1], source.name or ""


SPELLINGS: dict[str, Callable[[Path], Path]] = {
    "same": lambda path: path,
    "relative": lambda path: Path(os.path.relpath(path)),
    "detour": lambda path: path.parent / ".." / path.parent.name / path.name,
    "symlink": lambda path: linked(path, os.symlink),
    "hard link": lambda path: linked(path, os.link),
}


def linked(path: Path, link: Callable[[Path, Path], None]) -> Path:
    other = path.with_name(f"link{path.suffix}")
    link(path, other)
    return other


def line_for(name: str, output: tuple[str, Path], source: tuple[str, Path], spare: Path) -> list[str]:
    """A command line in which all that is required is given, and the one source."""
    words = list(NEEDS.get(name, []))
    for parameter in command_of(name).params:
        if parameter.name == source[0]:
            words += ([] if isinstance(parameter, click.Argument) else [parameter.opts[-1]]) + [
                str(source[1])
            ]
        elif output[0] in parameter.opts:
            words += [output[0], str(output[1])]
        elif parameter.required:
            value = str(spare if not writes_files(parameter) else spare.parent / "new.safetensors")
            words += ([] if isinstance(parameter, click.Argument) else [parameter.opts[-1]]) + [value]
    return words


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("name", "option", "source"), sorted(writing_pairs()))
def test_no_input_is_written_over(tmp_path: Path, name: str, option: str, source: str, spelling: str) -> None:
    path = tmp_path / "precious.png"
    Image.new("RGB", (8, 8), "teal").save(path)
    spare = tmp_path / "spare.png"
    spare.write_bytes(path.read_bytes())
    before = path.read_bytes()
    output = SPELLINGS[spelling](path)
    line = line_for(name, (option, output), (source, path), spare)
    result = CliRunner().invoke(command_of(name), line)
    assert result.exit_code == 2
    assert path.read_bytes() == before
    # A folder to write in is refused as a file by click or by the guard; both name it.
    assert str(output) in result.stderr
    assert "is an input" in result.stderr or "is a file" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_guard(name: str) -> None:
    assert isinstance(command_of(name), Command)


def test_every_option_that_writes_is_there() -> None:
    found = {opt for name in COMMANDS for param in command_of(name).params for opt in param.opts}
    assert found >= WRITING_OPTIONS


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_only_one_module_writes_files(path: Path) -> None:
    if path.name == "outputs.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert named.isdisjoint({"write_bytes", "write_text", "rename", "unlink", "rmtree"})
    # `Image.open` reads; nothing here opens a file by another way.
    assert "open" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def run(name: str, *arguments: object) -> Result:
    return CliRunner().invoke(command_of(name), [str(argument) for argument in arguments])


def test_an_embedding_is_not_written_over_the_image_it_is_of(tmp_path: Path) -> None:
    path = tmp_path / "a.splitseem"
    Image.new("RGB", (8, 8)).save(path, "PNG")
    before = path.read_bytes()
    result = run("embed", path, "-o", tmp_path)
    assert result.exit_code == 2
    assert "is an input" in result.stderr
    assert path.read_bytes() == before


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    Image.new("RGB", (40, 24), "navy").save(folder / "a.png")
    record = {
        "image": "a.png",
        "dataset": "blank",
        "size_hw": [24, 40],
        "objects": [{"label": "disk", "rle": list(encode_rle(np.eye(24, 40, dtype=np.bool_)).counts)}],
    }
    with gzip.open(folder / "index.jsonl.gz", "wt") as file:
        file.write(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("option", "place"), [("--json", "index.jsonl.gz"), ("--json", "a.png"), ("--report", ".")]
)
def test_figures_are_not_written_over_the_set(data_dir: Path, option: str, place: str) -> None:
    before = {path: path.read_bytes() for path in data_dir.iterdir()}
    for data in (data_dir, data_dir / "index.jsonl.gz"):
        result = run("evaluate", data, option, data_dir / place)
        assert result.exit_code == 2
        assert "is an input" in result.stderr
    assert {path: path.read_bytes() for path in data_dir.iterdir()} == before


def test_a_report_replaces_no_other_page(data_dir: Path, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<h1>mine</h1>")
    result = run("evaluate", data_dir, "--report", tmp_path)
    assert result.exit_code == 2
    assert "is a page of something else" in result.stderr
    assert page.read_text() == "<h1>mine</h1>"


def test_segments_replace_no_annotations_beside_the_map(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    (tmp_path / "a.json").write_text('{"shapes": []}')
    result = run("panoptic", tmp_path / "a.jpg", "-o", tmp_path / "a.png")
    assert result.exit_code == 2
    assert "a file of something else" in result.stderr
    assert (tmp_path / "a.json").read_text() == '{"shapes": []}'


def test_an_export_replaces_no_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    result = run("export", "--model", "tiny", "-o", tmp_path, "--force")
    assert result.exit_code == 2
    assert "thesis.tex" in result.stderr
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_what_is_cut_short_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with Outputs([path]).file(path) as partial:
            partial.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"mask.png": b"old"}


def test_a_link_stays_and_its_target_is_written_with_its_permissions(tmp_path: Path) -> None:
    target, link = tmp_path / "target.png", tmp_path / "link.png"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    Outputs([link]).write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_device_is_written_and_stays() -> None:
    Outputs([Path("/dev/null")]).write(Path("/dev/null"), b"new")
    assert Path("/dev/null").is_char_device()


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (40, 24)).save(tmp_path / "a.png")

    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:3])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    for name, extra in (("segment", ["--point", "5,5"]), ("embed", [])):
        target = tmp_path / "mask.png" if name == "segment" else tmp_path / "out"
        result = run(name, tmp_path / "a.png", *extra, "-o", target)
        assert result.exit_code == 2
        assert "the disk is full" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a.png"]


def test_a_folder_that_may_not_be_written_in_is_refused_before_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    # The modes of a folder do not stop who runs as root.
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    monkeypatch.setattr(ModelOptions, "load", lambda self: pytest.fail("the model is loaded"))
    result = run("segment", tmp_path / "a.png", "--point", "1,1", "-o", tmp_path / "mask.png")
    assert result.exit_code == 2
    assert "no permission to write in" in result.stderr


def test_two_outputs_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="two outputs"):
        Outputs([]).refuse_inputs([tmp_path / "a", tmp_path / "." / "a"])


def test_a_mask_that_no_writer_makes_is_refused_before_work(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    for output, words in (("none/out.png", "make it first"), (".", "suffix"), ("out.bmp", "suffix")):
        result = run("segment", tmp_path / "a.png", "--point", "1,1", "-o", tmp_path / output)
        assert result.exit_code == 2
        assert words in result.stderr
