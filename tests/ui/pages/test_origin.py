"""What a run was started with, on its page and as files."""

import html
from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.tracking.origins.messages import NoteOrigin
from tests.factories import a_run
from tests.ui.asking import Reader

COMMIT = "3f2c9d81a4" * 4
GIT = {"mlflow.source.git.commit": COMMIT, "mlflow.source.git.repoURL": "git@example.org:ada/spam.git"}
TOLD: dict[str, Any] = {
    "command": ["/opt/venv/bin/python", "/home/ada/spam/train.py", "--token", "***", "--note", "<b>"],
    "folder": "/home/ada/spam/src",
    "below": "src",
    "python": "3.12.4",
    "packages": ["numpy==2.1.0"],
    "gpus": ["NVIDIA H100"] * 8,
    "patch": "diff --git a/x b/x\n",
    "variables": [Tag(key="OMP_NUM_THREADS", value="8")],
}


def again(reader: Reader, run_id: str) -> list[str]:
    """The commands on the page."""
    _, found, rest = reader.get(f"/runs/{run_id}").text.partition('id="reproduce"')
    return html.unescape(rest.partition("<code>")[2].partition("</code>")[0]).splitlines() if found else []


def test_a_run_says_how_it_was_started_and_how_to_start_it_again(gate: Gate, reader: Reader) -> None:
    """With where a secret belongs."""
    run_id = a_run(gate, tags=GIT)
    gate.perform(NoteOrigin(run_id=run_id, **TOLD))
    words = reader.get(f"/runs/{run_id}").words

    for text in ("Started with", "8 × NVIDIA H100", "1 installed", "in 1 file", "OMP_NUM_THREADS", "put yours"):
        assert text in words, text
    lines = again(reader, run_id)
    assert lines[:3] == [
        "git clone -- git@example.org:ada/spam.git spam",
        "cd spam",
        f"git checkout --detach {COMMIT}",
    ]
    assert lines[-2:] == ["cd src", "python ../train.py --token '***' --note '<b>'"]
    assert reader.get(f"/runs/{run_id}/uncommitted.patch").text == "diff --git a/x b/x\n"
    assert reader.get(f"/runs/{run_id}/requirements.txt").text == "numpy==2.1.0\n"
    assert reader.get(f"/runs/{run_id}/requirements.txt").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("told", "last"),
    [
        ({"command": ["python", "-c", "a\nb"]}, f"git checkout --detach {COMMIT}"),
        ({"command": ["python", "/x/ipykernel_launcher.py", "-f", "k.json"]}, f"git checkout --detach {COMMIT}"),
        ({"command": ["/x/bin/python", "/x/bin/torchrun", "t.py"]}, "torchrun t.py"),
        ({"command": ["python", "-m", "spam.train"]}, "python -m spam.train"),
        ({}, f"git checkout --detach {COMMIT}"),
    ],
)
def test_only_commands_that_can_be_given_again_are_shown(
    gate: Gate, reader: Reader, told: dict[str, object], last: str
) -> None:
    """A real client's run has its commit at least."""
    run_id = a_run(gate, tags=GIT)
    gate.perform(NoteOrigin.from_wire({"run_id": run_id, **told}))

    assert again(reader, run_id)[-1] == last


def test_a_run_that_told_nothing_shows_nothing(gate: Gate, reader: Reader) -> None:
    """And has no files."""
    run_id = a_run(gate)

    assert "Started with" not in reader.get(f"/runs/{run_id}").words
    for name in ("uncommitted.patch", "requirements.txt"):
        assert reader.get(f"/runs/{run_id}/{name}").status == 404
    hostile = a_run(gate, tags={**GIT, "mlflow.source.git.repoURL": "x\x1b[2K; rm -rf"})
    assert again(reader, hostile) == []
