"""Errors of splitseem_export.

ExportError          everything this package raises for a caller's mistake or a graph that is not right
├── FolderError      the folder to write holds what no export wrote
└── ParityError      a graph does not give what the torch core gives; nothing was written
"""


class ExportError(Exception):
    """A decoder cannot be exported or an exported one cannot be read."""


class FolderError(ExportError):
    """A folder that is to be replaced is a file, or holds files that no export wrote."""


class ParityError(ExportError):
    """A graph and the torch core disagree by more than the tolerance."""
