"""Every test of evaluations has a store of its own, and renders each kind of picture once."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

_RENDERED: dict[str, bytes] = {}
_save = Figure.savefig


@pytest.fixture(autouse=True)
def own_store(store: Path) -> None:
    """Keep the runs of a test to itself."""


@pytest.fixture(autouse=True)
def rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every picture is drawn; its pixels, which take most of the time, are those of the first one of its name."""

    def save(figure: Figure, path: Path, **options: Any) -> None:
        if path.name not in _RENDERED:
            _save(figure, path, **options)
            _RENDERED[path.name] = path.read_bytes()
        path.write_bytes(_RENDERED[path.name])

    monkeypatch.setattr(Figure, "savefig", save)
