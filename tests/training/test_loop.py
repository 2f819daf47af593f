"""The training loop on rendered shapes with a tiny model: reproducible, resumable, and it learns."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from rich.console import Console
from safetensors.torch import save_file
from torch import Tensor

from splitseem_eval.errors import DataError
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import TINY, ModelConfig, ResidualConfig
from splitseem_model.network import SegmentationModel
from splitseem_proto import encode_rle
from splitseem_train import loop
from splitseem_train.__main__ import main
from splitseem_train.batches import TrainingBatches, Vocabulary, read_photos
from splitseem_train.encoding import stack_points
from splitseem_train.errors import TrainingError
from splitseem_train.loop import learning_rate, train
from splitseem_train.recipe import RECIPES, WITHOUT, Recipe
from splitseem_train.release import release
from splitseem_train.run_state import BEST, CHECKPOINT, LAST, METRICS, new_run
from splitseem_train.tasks.prompts_sampler import PointList
from splitseem_train.tasks.text_prompts import read_sentences

RECIPE = replace(RECIPES["smoke"], steps=4, validate_every=2, save_every=2)
QUIET = Console(quiet=True)


def run(
    shapes: Path, out: Path, recipe: Recipe = RECIPE, seed: int = 0, config: ModelConfig = TINY
) -> list[dict[str, object]]:
    train(config, recipe, shapes, out, seed=seed, console=QUIET)
    rows = [json.loads(line) for line in (out / METRICS).read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_the_same_seed_gives_the_same_run(shapes: Path, tmp_path: Path) -> None:
    assert run(shapes, tmp_path / "a") == run(shapes, tmp_path / "b")
    assert (tmp_path / "a" / BEST).read_bytes() == (tmp_path / "b" / BEST).read_bytes()


def test_the_same_seed_gives_the_same_run_with_all_tasks_and_texts(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("splitseem_train.tasks.text_prompts.MiniLm.load", _Lengths)
    recipe = replace(RECIPE, steps=2, panoptic=0.7, text=0.4, text_only=0.4)
    config = replace(TINY, sentence_dim=8)
    rows = run(shapes, tmp_path / "a", recipe, config=config)
    assert rows == run(shapes, tmp_path / "b", recipe, config=config)
    assert any("panoptic_loss" in row for row in rows)
    assert "validation_panoptic" in rows[-1]


def test_steps_that_begin_nearly_right_are_as_the_seed_says(shapes: Path, tmp_path: Path) -> None:
    nearly = replace(RECIPE, nearly=1.0, steps=1, validate_every=1)
    (row,) = run(shapes, tmp_path / "a", nearly)
    assert [row] == run(shapes, tmp_path / "b", nearly)
    assert [row] != run(shapes, tmp_path / "c", replace(nearly, nearly=0.0))


def test_second_rounds_that_ask_again_get_no_new_click(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points: list[int] = []

    def counted(prompts: list[PointList]) -> tuple[Tensor, Tensor]:
        points.append(sum(map(len, prompts)))
        return stack_points(prompts)

    monkeypatch.setattr("splitseem_train.tasks.rounds.stack_points", counted)
    recipe = replace(RECIPE, steps=1, validate_every=2, again=1.0)
    run(shapes, tmp_path / "a", recipe)
    first, second, third = points[: recipe.rounds]
    assert first == second < third


@pytest.mark.parametrize("part", WITHOUT)
def test_a_part_that_is_left_out_changes_the_run_but_not_its_photos(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr("splitseem_train.tasks.text_prompts.MiniLm.load", _Lengths)
    whole = replace(RECIPE, steps=2, panoptic=1.0, text=0.5, text_only=0.5)
    less = replace(whole, **WITHOUT[part])
    config = replace(TINY, sentence_dim=8)
    first, other = (run(shapes, tmp_path / str(i), one, config=config) for i, one in enumerate((whole, less)))
    assert first != other
    training, _, _ = read_photos(shapes, whole, lambda done, total: None)
    for step in range(whole.steps):
        batches = [TrainingBatches(training, recipe, 0)[step] for recipe in (whole, less)]
        torch.testing.assert_close(*(batch.pixels for batch in batches), rtol=0, atol=0)


class _Lengths:
    """Instead of the sentence encoder: a vector that follows from the length of a text."""

    def encode(self, texts: tuple[str, ...]) -> torch.Tensor:
        return torch.stack([torch.linspace(0, len(text), 8).sin() for text in texts])


def test_a_backbone_stays_as_it_is_until_its_time_has_come(shapes: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    torch.manual_seed(0)
    save_weights(SegmentationModel(replace(TINY, vocabulary=("disk", "square"))), start)
    begun = load_model(str(start)).backbone.state_dict()  # with the statistics of its batch norms
    for time, same in ((0.5, False), (1.0, True)):
        out = tmp_path / str(time)
        recipe = replace(RECIPE, backbone_rate=0.1, backbone_from=time, ema_decay=0.0)
        train(TINY, recipe, shapes, out, start=start, console=QUIET)
        trained = load_model(str(out / LAST)).backbone.state_dict()
        assert all(torch.equal(trained[name], begun[name]) for name in begun) == same


def test_masks_of_a_teacher_join_those_of_their_photo(shapes: Path, tmp_path: Path) -> None:
    lines = gzip.decompress((shapes / "shapes.jsonl.gz").read_bytes()).splitlines()
    mask = np.zeros((64, 80), dtype=np.bool_)
    mask[:8, :8] = True
    drawn = [{"label": None, "rle": list(encode_rle(mask).counts)}]
    records = [{**json.loads(line), "objects": drawn} for line in lines[::2]]
    text = "\n".join(map(json.dumps, records))
    (tmp_path / "shapes.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    training, held_out, _ = read_photos(shapes, RECIPE, lambda done, total: None, tmp_path)
    assert {len(photo.extra) for photo in training.photos} == {0, 1}
    assert {len(photo.extra) for photo in held_out.photos} == {0}
    with pytest.raises(DataError, match="no masks"):
        read_photos(shapes, RECIPE, lambda done, total: None, tmp_path / "elsewhere")


def test_a_step_with_larger_crops_comes_as_often_as_the_recipe_says(shapes: Path) -> None:
    recipe = replace(RECIPE, steps=60, crops=((0.0, 32, 2),), large=((0.3, 64, 1), (0.2, 48, 1)))
    training, _, _ = read_photos(shapes, recipe, lambda done, total: None)
    sizes = [tuple(batch.pixels.shape) for batch in TrainingBatches(training, recipe, 0).stream(0)]
    assert set(sizes) == {(2, 3, 32, 32), (1, 3, 64, 64), (1, 3, 48, 48)}
    assert sizes.count((1, 3, 64, 64)) == pytest.approx(18, abs=8)
    assert sizes.count((1, 3, 48, 48)) == pytest.approx(12, abs=7)


def test_another_seed_gives_another_run(shapes: Path, tmp_path: Path) -> None:
    assert run(shapes, tmp_path / "a") != run(shapes, tmp_path / "b", seed=1)


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(shapes, tmp_path / "whole")
    one_step, steps = loop._one_step, []

    def cut_at_the_fourth(*arguments: object) -> dict[str, object]:
        steps.append(1)
        if len(steps) == 4:
            raise KeyboardInterrupt
        return one_step(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "_one_step", cut_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        run(shapes, tmp_path / "cut")
    monkeypatch.undo()
    assert run(shapes, tmp_path / "cut") == whole


def test_best_weights_load_as_a_model(shapes: Path, tmp_path: Path) -> None:
    run(shapes, tmp_path)
    model = load_model(str(tmp_path / BEST))
    assert model.config.vocabulary == ("disk", "square")


def test_a_run_can_begin_from_weights_of_another_vocabulary(shapes: Path, tmp_path: Path) -> None:
    run(shapes, tmp_path / "first")
    start = tmp_path / "released.safetensors"
    save_weights(release(load_model(str(tmp_path / "first" / BEST)), ["square"], canvas=64), start)
    names = ("disk", "square")
    vocabulary = Vocabulary(names, {}, {}, torch.zeros(2))
    begun = new_run(replace(TINY, vocabulary=names), vocabulary, RECIPE, 5, start, "cpu", tmp_path).model
    torch.testing.assert_close(
        begun.decoder.class_embed.detach(), load_model(str(start)).decoder.class_embed.detach()
    )
    assert begun.class_matrix.shape[0] == 2


def test_a_run_from_weights_takes_their_configuration(shapes: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    torch.manual_seed(0)
    thin = replace(TINY, decoder=replace(TINY.decoder, mask_dim=8), vocabulary=("disk",))
    save_weights(SegmentationModel(thin), start)
    arguments = ["--data", shapes, "--out", tmp_path / "out", "--recipe", "smoke", "--start", start]
    result = CliRunner().invoke(main, [str(part) for part in arguments])
    assert result.exit_code == 0, result.output
    for name in (BEST, LAST):
        begun = load_model(str(tmp_path / "out" / name)).config
        assert (begun.decoder, begun.vocabulary) == (thin.decoder, ("disk", "square"))


def test_weights_of_another_shape_are_refused(shapes: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    save_weights(SegmentationModel(replace(TINY, backbone=ResidualConfig((8, 8, 8, 8)))), start)
    with pytest.raises(TrainingError, match="other parts than this model: backbone"):
        train(TINY, RECIPE, shapes, tmp_path / "out", start=start, console=QUIET)


def test_texts_are_encoded_once_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[tuple[str, ...]] = []

    class Encoder:
        def encode(self, texts: tuple[str, ...]) -> torch.Tensor:
            encoded.append(texts)
            return torch.full((len(texts), 8), float(len(encoded)))

    monkeypatch.setattr("splitseem_train.tasks.text_prompts.MiniLm.load", Encoder)
    model = SegmentationModel(replace(TINY, sentence_dim=8))
    file = tmp_path / "sentences.safetensors"
    save_file({"vectors": torch.zeros(2, 8)}, file, metadata={"names": '["cat", "dog"]'})  # before wordings
    for wordings in ((), (), ("kitten",)):
        vocabulary = Vocabulary(("cat", "dog"), {}, {}, torch.zeros(2), wordings)
        sentences = read_sentences(model, vocabulary, file)
        assert sentences is not None
        assert sentences.class_matrix(model).shape == (2, TINY.decoder.class_dim)
        assert list(sentences.rows) == ["cat", "dog", *wordings]
    assert encoded == [("cat", "dog"), ("cat", "dog", "kitten")]


def test_every_object_is_told_from_names_among_which_its_own_is(shapes: Path) -> None:
    recipe = replace(RECIPE, paste=1.0)
    training, _, vocabulary = read_photos(shapes, recipe, lambda done, total: None)
    for step in range(recipe.steps):
        for entry in TrainingBatches(training, recipe, 0)[step].objects:
            assert entry.label is not None
            assert vocabulary.rivals(entry.dataset, entry.label)[vocabulary.index[entry.label]]


# Where there is one processor, torch advises against two workers.
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_batches_of_workers_are_those_of_the_main_process(shapes: Path) -> None:
    training, _, _ = read_photos(shapes, RECIPE, lambda done, total: None)
    alone = list(TrainingBatches(training, RECIPE, 0).stream(1))
    shared = list(TrainingBatches(training, replace(RECIPE, workers=2), 0).stream(1))
    assert len(alone) == len(shared) == RECIPE.steps - 1
    for one, other in zip(alone, shared, strict=True):
        torch.testing.assert_close(one.pixels, other.pixels)
        assert all((a.mask == b.mask).all() for a, b in zip(one.objects, other.objects, strict=True))


def test_a_run_out_of_time_stops_saved_and_can_be_gone_on_with(shapes: Path, tmp_path: Path) -> None:
    train(TINY, RECIPE, shapes, tmp_path, minutes=0, console=QUIET)
    assert (tmp_path / BEST).exists()
    assert len((tmp_path / METRICS).read_text().splitlines()) == 1
    assert [row["step"] for row in run(shapes, tmp_path)] == [1, 2, 3, 4]


def test_a_folder_with_another_run_is_refused(shapes: Path, tmp_path: Path) -> None:
    run(shapes, tmp_path)
    with pytest.raises(TrainingError, match="another model"):
        train(replace(TINY, backbone=ResidualConfig((8, 8, 8, 8))), RECIPE, shapes, tmp_path, console=QUIET)


def test_a_run_saved_before_a_field_existed_is_gone_on_with(shapes: Path, tmp_path: Path) -> None:
    run(shapes, tmp_path)
    saved = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    config = json.loads(saved["config"])
    del config["decoder"]["level_dims"]
    torch.save({**saved, "config": json.dumps(config)}, tmp_path / CHECKPOINT)
    longer = replace(RECIPE, steps=RECIPE.steps + 1)
    assert [row["step"] for row in run(shapes, tmp_path, longer)][-1] == longer.steps


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no training sets"):
        train(TINY, RECIPE, tmp_path, tmp_path / "out", console=QUIET)


@pytest.mark.slow
def test_a_short_run_learns_simple_shapes(shapes: Path, tmp_path: Path) -> None:
    recipe = replace(
        RECIPE,
        steps=150,
        crops=((0.0, 64, 8),),
        paste=0,
        warmup_steps=10,
        learning_rate=3e-3,
        validate_every=150,
    )
    rows = run(shapes, tmp_path, recipe)
    assert isinstance(rows[-1]["validation_iou1"], float)
    assert rows[-1]["validation_iou1"] > 0.6


@pytest.mark.unit
def test_learning_rate_warms_up_and_falls() -> None:
    recipe = RECIPES["cpu"]
    rates = [learning_rate(recipe, step) for step in (0, recipe.warmup_steps, recipe.steps)]
    assert rates[0] < 0.01 * recipe.learning_rate
    assert rates[1] == pytest.approx(recipe.learning_rate)
    assert rates[2] == pytest.approx(0.01 * recipe.learning_rate)
