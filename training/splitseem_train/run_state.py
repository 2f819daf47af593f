"""What changes during a run: how it begins, is saved, and is continued."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from safetensors.torch import load_file
from torch import Tensor

from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import ModelConfig
from splitseem_model.network import SegmentationModel
from splitseem_train.batches import Vocabulary
from splitseem_train.errors import TrainingError
from splitseem_train.recipe import Recipe
from splitseem_train.tasks.text_prompts import Sentences, read_sentences

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


def new_run(
    config: ModelConfig,
    vocabulary: Vocabulary,
    recipe: Recipe,
    seed: int,
    start: Path | None,
    device: str,
    out: Path,
) -> RunState:
    """A run at its beginning; arguments and errors as for `loop.train`."""
    torch.manual_seed(seed)
    model = SegmentationModel(config)
    if start is not None:
        _take_weights(model, start)
    model = model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        _parameter_groups(model, recipe), lr=recipe.learning_rate, betas=(0.9, 0.98)
    )
    sentences = read_sentences(model, vocabulary, out / SENTENCES)
    return RunState(model, copy.deepcopy(model), optimizer, seed, sentences)


def _parameter_groups(model: SegmentationModel, recipe: Recipe) -> list[dict[str, Any]]:
    """The backbone and the rest, matrices with weight decay, the others without."""
    kinds: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        kinds.setdefault((name.startswith("backbone."), parameter.ndim >= 2), []).append(parameter)
    return [
        {"params": ps, "of_backbone": of_backbone, "weight_decay": recipe.weight_decay if matrix else 0.0}
        for (of_backbone, matrix), ps in kinds.items()
    ]


@torch.no_grad()
def update_average(state: RunState, recipe: Recipe) -> None:
    """Exponential moving average of weights and of batch-norm statistics."""
    decay = min(recipe.ema_decay, (1 + state.step) / (10 + state.step))
    for old, new in zip(_tensors(state.average), _tensors(state.model), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - decay)
        else:
            old.copy_(new)


@torch.no_grad()
def name_classes(state: RunState) -> None:
    """Give the averaged weights their class matrix: what is saved answers without the sentence encoder."""
    if state.sentences is not None:
        state.average.class_matrix.copy_(state.sentences.class_matrix(state.average))


def save(state: RunState, out: Path) -> None:
    """Write the checkpoint, all of it or nothing, and the latest average."""
    name_classes(state)
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


def resume(state: RunState, out: Path, console: Console) -> None:
    """Go on where the checkpoint in `out` stands, if there is one.

    Raises:
        TrainingError: it is of another model or vocabulary.
    """
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


def _tensors(model: SegmentationModel) -> Iterator[Tensor]:
    yield from model.parameters()
    yield from model.buffers()
