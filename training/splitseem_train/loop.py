"""The training loop: resumable, seeded, logged; its best weights can be used at any time."""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace
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

from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import ModelConfig
from splitseem_train.batches import Batch, PhotoSet, TrainingBatches, Vocabulary, draw_batch, read_photos
from splitseem_train.recipe import Recipe
from splitseem_train.run_state import (
    BEST,
    METRICS,
    RunState,
    name_classes,
    new_run,
    resume,
    save,
    update_average,
)
from splitseem_train.tasks.panoptic import PanopticResult
from splitseem_train.training_step import training_step, validation_step


def train(
    config: ModelConfig,
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    seed: int = 0,
    start: Path | None = None,
    teacher: Path | None = None,
    device: str = "cpu",
    minutes: float = math.inf,
    console: Console | None = None,
) -> Path:
    """Train, or continue the run in `out`.

    Args:
        config: its vocabulary is replaced by that of the data.
        data: folder of training sets; out: folder of the run, made when missing.
        start: weights to begin from, of a model of this configuration but for the vocabulary.
        teacher: folder of further masks, see `read_photos`.
        minutes: after these the run stops, saved, and can be continued.
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
            data, recipe, lambda done, total: progress.update(reading, completed=done, total=total), teacher
        )
        state = new_run(
            replace(config, vocabulary=vocabulary.names), vocabulary, recipe, seed, start, device, out
        )
        resume(state, out, console)
        task = progress.add_task("training", total=recipe.steps, completed=state.step)
        deadline = time.monotonic() + 60 * minutes
        for row in _steps(state, training, held_out, vocabulary, recipe, out):
            progress.update(task, completed=state.step, description=_describe(row))
            if time.monotonic() > deadline:
                _keep_if_better(state, held_out, vocabulary, recipe, out)
                save(state, out)
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
            save(state, out)
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
        group["lr"] = rate * (recipe.backbone_rate if group["of_backbone"] else 1.0)
    state.model.train()
    tunes = recipe.tunes_backbone(state.step)
    state.model.backbone.train(tunes).requires_grad_(tunes)
    rng = np.random.default_rng([state.seed, state.step, 1])
    result = training_step(state.model, batch, vocabulary, recipe, rng, state.sentences)
    state.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(result.loss)
    norm = torch.nn.utils.clip_grad_norm_(state.model.parameters(), recipe.clip_norm)
    if bool(torch.isfinite(norm)):
        state.optimizer.step()
        update_average(state, recipe)
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
def _validate(
    state: RunState, held_out: PhotoSet, vocabulary: Vocabulary, recipe: Recipe
) -> dict[str, float]:
    """Mean IoU on whole held-out photos, always the same ones: at stride 4 after 1, 2 and 3 clicks, and at
    stride 8 of the objects that have a query in the panoptic task."""
    state.average.eval()
    name_classes(state)
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
