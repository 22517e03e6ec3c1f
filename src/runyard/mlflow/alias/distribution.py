"""What package metadata says about mlflow while the alias is on: that it is there, in the release we match."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path

import runyard
from runyard.version import VERSION

NAMES = ("mlflow", "mlflow-skinny")


class AliasDistribution(Distribution):
    """A distribution without files."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read_text(self, filename: str) -> str | None:
        """One of the metadata files."""
        if filename == "METADATA":
            return f"Metadata-Version: 2.1\nName: {self._name}\nVersion: {VERSION}\nSummary: Runyard, as mlflow\n"
        return "mlflow\n" if filename == "top_level.txt" else None

    def locate_file(self, path: object) -> Path:
        """Where a file would lie."""
        return Path(str(runyard.__file__)).parent / str(path)


def distributions(name: str | None) -> Iterator[Distribution]:
    """The distributions of this name; all when it is None."""
    wanted = None if name is None else re.sub(r"[-_.]+", "-", name).lower()
    return (AliasDistribution(known) for known in NAMES if wanted in (None, known))
