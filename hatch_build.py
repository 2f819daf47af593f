"""What a wheel holds beside the packages: the built page and the decoder graphs of the bundled model."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = {
    "client/dist": "splitseem_cli/built/page",
    "build/decoder/nano": "splitseem_cli/built/decoder/nano",
}
"""Where `make setup` puts them, and where `splitseem serve` finds them in an installed package."""


class BuiltFiles(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Take them along if they are there; an editable installation has those of its checkout."""
        if version == "editable":
            return
        for folder, place in BUILT.items():
            if (Path(self.root) / folder).is_dir():
                build_data["force_include"][str(Path(self.root) / folder)] = place
