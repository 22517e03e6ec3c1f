"""Every component in every state, to look at."""

import io
import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.artifacts.ranges import RangedFile
from runyard.core.enumeration import numbers_of
from runyard.tracking.runs.entities import RunStatus
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.list_state import ListState, Pages
from runyard.ui.parts.previews.look import Look
from runyard.ui.parts.previews.preview import Preview, preview_of
from runyard.ui.parts.printed import Printed
from runyard.ui.parts.project import Project
from runyard.ui.parts.sorting import Column
from runyard.ui.parts.steps import Step, Steps
from runyard.ui.site import Site

_STATUSES = tuple(name for name, _ in numbers_of(RunStatus))
_ICONS = ("search", "plus", "pencil", "trash-2", "undo-2", "download", "folder", "file", "git-compare", "columns-3")

_PROJECT = Project(
    entry_point="train",
    source="https://example.org/vision/classifier.git#models",
    link="https://example.org/vision/classifier.git",
    repository=None,
    commit="5f3c9d2e8b1a4c7d9e0f5f3c9d2e8b1a4c7d9e0f",
    branch="main",
    version="v1.2",
    dirty=True,
    patch="",
    backend="kubernetes",
    environment="docker",
    image="registry.example.org/vision:5f3c9d2",
    packages="",
    command="python train.py --lr 0.1 --epochs 20",
    exit_code="137",
    swept=(),
    point=(("lr", "0.1"),),
    again="runyard run -e train -v 5f3c9d2e8b1a -P lr=0.1 https://example.org/vision/classifier.git#models",
    is_complete=False,
)
_BELOW = (Step("fold 1", "a", status="FINISHED", took=9_000), Step("fold 2", "b", status="RUNNING", took=4_000))
_FILES = {
    "train.py": "import runyard as mlflow\n\nwith mlflow.start_run():\n    mlflow.log_metric('loss', 0.5)\n",
    "scores.csv": "question,score\n2 + 2,0.5\n3 * 3,1.0\n",
    "config.json": json.dumps({"model": {"layers": [64, 32], "dropout": None}, "lr": 0.1, "name": "a <b>"}),
    "about.ipynb": json.dumps(
        {
            "nbformat": 4,
            "cells": [
                {"cell_type": "markdown", "source": "Some *words*."},
                {
                    "cell_type": "code",
                    "execution_count": 1,
                    "source": "print(1 / 0)",
                    "outputs": [{"output_type": "error", "traceback": ["ZeroDivisionError: division by zero"]}],
                },
            ],
        }
    ),
    "model.pkl": "",
}


@dataclass(frozen=True)
class PatternsPage:
    """All that patterns.html may use."""

    statuses: tuple[str, ...]
    icons: tuple[str, ...]
    pages: tuple[Pages, ...]
    columns: tuple[Column, ...]
    tags: dict[str, str]
    times: tuple[int, ...]
    numbers: tuple[float, ...]
    address: str
    project: Project
    steps: Steps
    printed: Printed
    previews: tuple[Preview, ...]


def show(site: Site, request: Request) -> Response:
    """The page of patterns."""
    here = site.urls("patterns")
    page = PatternsPage(
        statuses=_STATUSES,
        icons=_ICONS,
        pages=(
            Pages(0, 0, 0, here, None, None),
            Pages(1, 3, 3, here, None, None),
            Pages(101, 200, 1234, here, here, here),
            Pages(1, 100, None, here, None, here),
        ),
        columns=(
            Column("a", "Plain", here, "Sort by Plain"),
            Column("b", "Ascending", here, "Sort by Ascending", "ascending"),
            Column("c", "Descending", here, "Sort by Descending", "descending", numeric=True),
        ),
        tags={"team": "vision", "a tag with a very long name": "and a very long value " * 4},
        times=(0, 1_000, 1_700_000_000_000),
        numbers=(0.0, 1.0, 0.1234567, 12345.678, 1e-7, 1e12, 123456.0, float("nan"), float("inf")),
        address=site.address(request),
        project=_PROJECT,
        steps=_steps(here),
        printed=Printed("Loading 60,000 pictures\nepoch 1: loss 0.52\nepoch 2: loss 0.31"),
        previews=tuple(preview_of(_look(site, name, content)) for name, content in _FILES.items()),
    )
    return site.page(request, "patterns", page, Shell("Patterns", crumbs=(Crumb("Patterns"),)))


def _look(site: Site, name: str, text: str) -> Look:
    """A look into a file that is only on this page."""
    content = text.encode()
    return Look(
        path=name,
        size=len(content),
        state=ListState(()),
        address=site.urls("patterns"),
        framed="",
        near=True,
        opened=lambda: RangedFile(io.BytesIO(content), len(content)),
        page=lambda **_: site.urls("patterns"),
        raw=lambda _: site.urls("patterns"),
        sizes=lambda _: {},
    )


def _steps(address: str) -> Steps:
    """A workflow in which everything happens."""
    steps = (
        Step("bold-fox-12", "c", "prepare", "FINISHED", 192_000, reused=True),
        Step("calm-owl-3", entry_point="clean", reused=True),
        Step("keen-elk-77", "d", "train", "RUNNING", 61_000, (("lr", "0.1"), ("depth", "3")), steps=_BELOW),
        Step("evaluate", "e", "evaluate", "FAILED", 500, deleted=True),
        Step("report", "f", "report", "SCHEDULED"),
    )
    counts = (("RUNNING", 1), ("FAILED", 1), ("SCHEDULED", 1))
    return Steps("Steps", steps, 5, counts, more=False, table=address, compare=address)
