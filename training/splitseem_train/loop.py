"""The training loop: resumable, seeded, logged; its best weights can be used at any time."""

import copy
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from safetensors.torch import load_file
from torch import Tensor

from splitseem_model.config import ModelConfig
from splitseem_model.segmentation import SegmentationModel
from splitseem_model.weights import save_weights
from splitseem_train.batches import Batch, PhotoSet, TrainingBatches, Vocabulary, draw_batch, read_photos
from splitseem_train.errors import TrainingError
from splitseem_train.panoptic import PanopticResult
from splitseem_train.recipe import Recipe
from splitseem_train.text_prompts import Sentences, read_sentences
from splitseem_train.training_step import training_step, validation_step

CHECKPOINT, METRICS = "checkpoint.pt", "metrics.jsonl"
BEST, LAST = "best.safetensors", "last.safetensors"
SENTENCES = "sentences.safetensors"


@dataclass
class RunState:
    """All that changes during a run; what a checkpoint holds."""

    model: SegmentationModel
    average: SegmentationModel
    optimizer: torch.optim.Optimizer
    seed: int
    sentences: Sentences | None
    step: int = 0
    best_iou: float = -1.0


def train(
    config: ModelConfig,
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    seed: int = 0,
    start: Path | None = None,
    device: str = "cpu",
    minutes: float = math.inf,
    console: Console | None = None,
) -> Path:
    """Train, or go on with the run in `out`.

    Args:
        config: its vocabulary is replaced by that of the data.
        data: folder of training sets; out: folder of the run, made when missing.
        start: weights to begin from, of a model of this configuration but for the vocabulary.
        minutes: after so many the run stops, saved, to be gone on with.
    Returns:
        path of the best weights by validation IoU.
    Raises:
        DataError: the data cannot be read. TrainingError: `out` holds a run of another configuration, or
            `start` weights of one.
    """
    console = console or Console()
    out.mkdir(parents=True, exist_ok=True)
    with _progress(console) as progress:
        reading = progress.add_task("reading photos", total=None)
        training, held_out, vocabulary = read_photos(
            data, recipe, lambda done, total: progress.update(reading, completed=done, total=total)
        )
        state = _new_run(
            replace(config, vocabulary=vocabulary.names), vocabulary, recipe, seed, start, device, out
        )
        _resume(state, out, console)
        task = progress.add_task("training", total=recipe.steps, completed=state.step)
        deadline = time.monotonic() + 60 * minutes
        for row in _steps(state, training, held_out, vocabulary, recipe, out):
            progress.update(task, completed=state.step, description=_describe(row))
            if time.monotonic() > deadline:
                _keep_if_better(state, held_out, vocabulary, recipe, out)
                _save(state, out)
                break
    return out / BEST


def _steps(
    state: RunState, training: PhotoSet, held_out: PhotoSet, vocabulary: Vocabulary, recipe: Recipe, out: Path
) -> Iterator[dict[str, Any]]:
    began = time.perf_counter()
    for batch in TrainingBatches(training, recipe, state.seed).stream(state.step):
        row = _one_step(state, batch, vocabulary, recipe)
        row["seconds"] = round(time.perf_counter() - began, 3)
        last = state.step == recipe.steps
        if state.step % recipe.validate_every == 0 or last:
            row |= _keep_if_better(state, held_out, vocabulary, recipe, out)
        if state.step % recipe.save_every == 0 or last:
            _save(state, out)
        with (out / METRICS).open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        yield row
        began = time.perf_counter()


def _keep_if_better(
    state: RunState, held_out: PhotoSet, vocabulary: Vocabulary, recipe: Recipe, out: Path
) -> dict[str, float]:
    """Validate, and save the weights when they are the best so far."""
    figures = _validate(state, held_out, vocabulary, recipe)
    if figures["validation_iou3"] > state.best_iou:
        state.best_iou = figures["validation_iou3"]
        save_weights(state.average, out / BEST)
    return figures


def _one_step(state: RunState, batch: Batch, vocabulary: Vocabulary, recipe: Recipe) -> dict[str, Any]:
    rate = learning_rate(recipe, state.step)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.model.train()
    rng = np.random.default_rng([state.seed, state.step, 1])
    result = training_step(state.model, batch, vocabulary, recipe, rng, state.sentences)
    state.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(result.loss)
    norm = torch.nn.utils.clip_grad_norm_(state.model.parameters(), recipe.clip_norm)
    if bool(torch.isfinite(norm)):
        state.optimizer.step()
        _average(state, recipe)
    state.step += 1
    ious = [round(float(iou.mean()), 4) for iou in result.interactive.ious]
    found = result.panoptic
    return {
        "step": state.step,
        "side": batch.pixels.shape[-1],
        "lr": round(rate, 7),
        "loss": round(float(result.loss.detach()), 4),
        "iou": ious,
        "label": round(result.interactive.label_hits, 3),
        **({} if found is None else _panoptic_figures(found)),
    }


def _panoptic_figures(found: PanopticResult) -> dict[str, float]:
    return {
        "panoptic_loss": round(float(found.loss.detach()), 4),
        "panoptic_iou": round(float(found.ious.mean()), 4),
    }


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then half a cosine down to 1 % of the peak."""
    if step < recipe.warmup_steps:
        return recipe.learning_rate * (step + 1) / recipe.warmup_steps
    part = (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
    return recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, part))))


@torch.no_grad()
def _average(state: RunState, recipe: Recipe) -> None:
    """Exponential moving average of weights and of batch-norm statistics."""
    decay = min(recipe.ema_decay, (1 + state.step) / (10 + state.step))
    for old, new in zip(_tensors(state.average), _tensors(state.model), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - decay)
        else:
            old.copy_(new)


def _tensors(model: SegmentationModel) -> Iterator[Tensor]:
    yield from model.parameters()
    yield from model.buffers()


@torch.no_grad()
def _validate(
    state: RunState, held_out: PhotoSet, vocabulary: Vocabulary, recipe: Recipe
) -> dict[str, float]:
    """Mean IoU on whole held-out photos, always the same ones: at stride 4 after 1, 2 and 3 clicks, and at
    stride 8 of the objects that have a query in the panoptic task."""
    state.average.eval()
    _name_classes(state)
    rng = np.random.default_rng(1)
    side = recipe.crops[-1][1]
    ious, hits, found = [], [], []
    for _ in range(max(1, recipe.validation_samples // (4 * recipe.objects_per_image))):
        batch = draw_batch(held_out, side, 4, recipe, rng, augment=False)
        result = validation_step(state.average, batch, vocabulary, recipe, rng, rounds=3)
        ious.append(torch.stack(result.interactive.ious))
        hits.append(result.interactive.label_hits)
        if result.panoptic is not None:
            found.append(result.panoptic.ious)
    mean = torch.cat(ious, dim=1).mean(1).tolist()
    named = {f"validation_iou{i + 1}": round(value, 4) for i, value in enumerate(mean)}
    panoptic = {"validation_panoptic": round(float(torch.cat(found).mean()), 4)} if found else {}
    return {**named, "validation_label": round(float(np.mean(hits)), 3), **panoptic}


def _new_run(
    config: ModelConfig,
    vocabulary: Vocabulary,
    recipe: Recipe,
    seed: int,
    start: Path | None,
    device: str,
    out: Path,
) -> RunState:
    torch.manual_seed(seed)
    model = SegmentationModel(config)
    if start is not None:
        _take_weights(model, start)
    model = model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    plain = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
        betas=(0.9, 0.98),
    )
    sentences = read_sentences(model, vocabulary, out / SENTENCES)
    return RunState(model, copy.deepcopy(model), optimizer, seed, sentences)


def _take_weights(model: SegmentationModel, start: Path) -> None:
    """Take the weights of a file; those of another vocabulary stay fresh.

    Raises:
        TrainingError: something else is missing or has another shape.
    """
    own, given = model.state_dict(), load_file(start)
    fitting = {name: value for name, value in given.items() if name in own and value.shape == own[name].shape}
    missing = own.keys() - fitting.keys() - {"class_matrix"}
    if missing:
        raise TrainingError(f"{start} has other parts than this model: {', '.join(sorted(missing)[:5])}")
    model.load_state_dict(fitting, strict=False)


@torch.no_grad()
def _name_classes(state: RunState) -> None:
    """Give the averaged weights their class matrix: what is saved answers without the sentence encoder."""
    if state.sentences is not None:
        state.average.class_matrix.copy_(state.sentences.class_matrix(state.average))


def _save(state: RunState, out: Path) -> None:
    _name_classes(state)
    save_weights(state.average, out / LAST)
    content = {
        "config": json.dumps(state.model.config.to_dict()),
        "model": state.model.state_dict(),
        "average": state.average.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "seed": state.seed,
        "step": state.step,
        "best_iou": state.best_iou,
    }
    partial = out / (CHECKPOINT + ".partial")
    torch.save(content, partial)
    partial.replace(out / CHECKPOINT)


def _resume(state: RunState, out: Path, console: Console) -> None:
    path = out / CHECKPOINT
    if not path.exists():
        return
    content = torch.load(path, map_location=state.model.class_matrix.device, weights_only=True)
    if not _same_network(ModelConfig.from_dict(json.loads(content["config"])), state.model.config):
        raise TrainingError(f"{out} holds a run of another model or vocabulary: name another folder")
    state.model.load_state_dict(content["model"])
    state.average.load_state_dict(content["average"])
    state.optimizer.load_state_dict(content["optimizer"])
    state.seed, state.step, state.best_iou = content["seed"], content["step"], content["best_iou"]
    _forget_later_rows(out / METRICS, state.step)
    console.print(f"going on with {out} at step {state.step}")


def _same_network(saved: ModelConfig, ours: ModelConfig) -> bool:
    """Whether two configurations have the same weights; canvas and correction may differ."""
    return all(
        getattr(saved, part) == getattr(ours, part)
        for part in ("backbone", "pixel_decoder", "decoder", "refiner", "sentence_dim", "vocabulary")
    )


def _forget_later_rows(metrics: Path, step: int) -> None:
    """Drop what a cut run logged after its last checkpoint: those steps are run again."""
    if metrics.exists():
        rows = metrics.read_text(encoding="utf-8").splitlines()
        kept = [row for row in rows if json.loads(row)["step"] <= step]
        metrics.write_text("".join(row + "\n" for row in kept), encoding="utf-8")


def _describe(row: dict[str, Any]) -> str:
    return f"loss {row['loss']:.2f}  IoU {' '.join(f'{iou:.2f}' for iou in row['iou'])}"


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
