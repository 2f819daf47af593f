"""The published checkpoints of SEEM: names, files, and what a name does not tell.

A file does not say which wiring it was trained for: names and shapes of its tensors are the same. Two names
were even given to two files each. So the wiring is chosen by preset, a file whose digest is known is
recognised, and of any other what its name may mean is said.
"""

from dataclasses import dataclass
from typing import Literal

HUB_REPOSITORY = "xdecoder/SEEM"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class KnownCheckpoint:
    """A model that was published, or for which a configuration was.

    Attributes:
        presets: those that its weights run with, the usual one first.
        file: its name on the hub; None: the weights were never published.
        sha256: of the file, lower-case hex; None: not known.
    """

    name: str
    presets: tuple[str, ...]
    backbone: str
    file: str | None
    sha256: str | None = None

    @property
    def url(self) -> str | None:
        """Where to get the file."""
        return self.file and f"https://huggingface.co/{HUB_REPOSITORY}/resolve/main/{self.file}"

    @property
    def wirings(self) -> tuple[str, ...]:
        """Wirings of the presets."""
        return tuple(preset.rpartition("-")[2] for preset in self.presets)


def _published(backbone: str, version: Literal["v0", "v1"], title: str) -> KnownCheckpoint:
    wirings = ("v0", "demo") if version == "v0" else ("v1",)
    name = f"seem_{backbone}_{version}"
    return KnownCheckpoint(name, tuple(f"{backbone}-{w}" for w in wirings), title, f"{name}.pt")


KNOWN: dict[str, KnownCheckpoint] = {
    known.name: known
    for known in (
        _published("focalt", "v0", "Focal-T"),
        _published("focall", "v0", "Focal-L"),
        _published("focalt", "v1", "Focal-T"),
        _published("focall", "v1", "Focal-L"),
        _published("samvitb", "v1", "SAM-ViT-B"),
        _published("samvitl", "v1", "SAM-ViT-L"),
        KnownCheckpoint("seem_davitd3_v1", ("davitd3-v1",), "DaViT-d3", file=None),
        KnownCheckpoint("seem_davitd5_v1", ("davitd5-v1",), "DaViT-d5", file=None),
    )
}

AMBIGUOUS_NAMES = {
    "seem_focalt_v1": (
        "the name seem_focalt_v1 means two files: until October 2023 the first demo weights (preset"
        " focalt-demo), on the hub since then the v1 weights (preset focalt-v1)"
    ),
    "seem_focall_v1": (
        "the name seem_focall_v1 means two files: until October 2023 what is seem_focall_v0 now (presets"
        " focall-v0 and focall-demo), on the hub since then the v1 weights (preset focall-v1)"
    ),
    "seem_focalt_v2": (
        "seem_focalt_v2 is an older name of seem_focalt_v0: its presets are focalt-v0 and focalt-demo"
    ),
}
"""File name without suffix -> what it may mean."""


def advice(stem: str, preset_name: str, recognised: KnownCheckpoint | None) -> str | None:
    """What a user should know of a file before running it with a preset; None: nothing.

    Args:
        stem: name of the file without suffix.
        recognised: the checkpoint that has the file's digest, if there is one.
    """
    if recognised is not None:
        return (
            None if preset_name in recognised.presets else _mismatch("this file is", recognised, preset_name)
        )
    if stem in AMBIGUOUS_NAMES:
        return f"{AMBIGUOUS_NAMES[stem]}. Running it with {preset_name}; poor masks may mean the other file"
    named = KNOWN.get(stem)
    if named is None or preset_name in named.presets:
        return None
    return _mismatch("by its name this file is", named, preset_name)


def _mismatch(how: str, known: KnownCheckpoint, preset_name: str) -> str:
    return (
        f"{how} {known.name}, trained for {' or '.join(known.presets)}: the tensors of {preset_name} have the"
        " same names and shapes, so it runs, but its masks will be poor"
    )
