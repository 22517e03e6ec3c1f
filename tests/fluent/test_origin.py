"""Tags that say where a run comes from."""

import logging
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from runyard.core import origin
from runyard.core.git import git_tags


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    answer = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit and a remote that needs a password."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text("")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    git(folder, "remote", "add", "origin", "https://ada:secret@example.org/ada/project.git")
    return folder


def test_a_script_in_a_repository_is_known_by_its_commit(repository: Path) -> None:
    """Without the password that the address carries."""
    assert git_tags(repository / "src" / "train.py") == {
        "mlflow.source.git.commit": git(repository, "rev-parse", "HEAD"),
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.repoURL": "https://example.org/ada/project.git",
    }


def test_packed_references_are_read(repository: Path) -> None:
    """git gc moves them to one file."""
    git(repository, "pack-refs", "--all")

    assert git_tags(repository / "src" / "train.py")["mlflow.source.git.commit"] == git(repository, "rev-parse", "HEAD")


def test_a_detached_head_has_a_commit_and_no_branch(repository: Path) -> None:
    """As on build machines."""
    git(repository, "checkout", "--quiet", "--detach")

    tags = git_tags(repository / "src" / "train.py")
    assert "mlflow.source.git.branch" not in tags
    assert tags["mlflow.source.git.commit"] == git(repository, "rev-parse", "HEAD")


def test_a_worktree_leads_to_its_repository(repository: Path) -> None:
    """Its .git is a file."""
    git(repository, "worktree", "add", "--quiet", "-b", "side", str(repository.parent / "side"))

    tags = git_tags(repository.parent / "side" / "src" / "train.py")
    assert tags["mlflow.source.git.branch"] == "side"
    assert tags["mlflow.source.git.repoURL"] == "https://example.org/ada/project.git"


@pytest.mark.parametrize("content", ["", "ref: refs/heads/none", "\xff garbage"])
def test_a_repository_that_cannot_be_read_gives_no_tags(tmp_path: Path, content: str) -> None:
    """Nor does it stop the run."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_bytes(content.encode("latin-1"))

    assert git_tags(tmp_path / "train.py") == {}


def test_the_tracking_user_wins_over_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """On shared machines it says who it was."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")

    assert origin.user() == "ada"


def test_the_environments_tags_win_over_what_is_found_and_given_tags_over_both(
    mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of MLflow."""
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", '{"mlflow.user": "robot", "build": 5, "mlflow.source.name": "ci"}')

    with mlflow.start_run(tags={"mlflow.source.name": "mine"}) as run:
        pass

    tags = mlflow.get_run(run.info.run_id).data.tags
    assert (tags["mlflow.user"], tags["build"], tags["mlflow.source.name"]) == ("robot", "5", "mine")
    assert tags["mlflow.source.type"] == "LOCAL"


@pytest.mark.parametrize("text", ["{broken", "[1]"])
def test_tags_in_the_environment_that_are_not_an_object_are_reported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    """The run starts without them."""
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", text)

    with caplog.at_level(logging.WARNING):
        assert origin.context_of_environment() == {}
    assert "MLFLOW_RUN_CONTEXT" in caplog.text
