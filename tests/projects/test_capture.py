"""What a run keeps of its code: the commit, and everything that is not committed."""

import os
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from tests.projects.building import Repository, artifacts, command, project

DIRTY, COMMIT = "mlflow.source.git.dirty", "mlflow.source.git.commit"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with a project."""
    made = Repository(tmp_path / "code")
    made.commit(command("true"), kept__txt="a\nb\n", gone__txt="x\n", __gitignore="ignored.txt\n")
    return made


def captured(mlflow: ModuleType, uri: str) -> tuple[dict[str, str], bytes]:
    """The tags of a run, and its patch."""
    run = mlflow.projects.run(uri)
    return mlflow.get_run(run.run_id).data.tags, artifacts(run.run_id, "project").get("uncommitted.patch", b"")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that is not git's."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def applied(repository: Repository, commit: str, patch: bytes, folder: Path) -> dict[str, bytes]:
    """The files of a clone at a commit, after the patch."""
    subprocess.run(["git", "clone", "--quiet", repository.folder, folder], check=True)
    subprocess.run(["git", "-C", folder, "checkout", "--quiet", commit], check=True)
    subprocess.run(["git", "-C", folder, "apply", "--whitespace=nowarn", "-"], input=patch, check=True)
    return contents(folder)


def test_a_clean_checkout_is_its_commit(mlflow: ModuleType, repository: Repository) -> None:
    """Commit and branch say everything; there is nothing else to keep."""
    (repository.folder / "ignored.txt").write_text("x")
    tags, patch = captured(mlflow, str(repository.folder))

    assert (repository.git("rev-parse", "HEAD"), "main") == (tags[COMMIT], tags["mlflow.source.git.branch"])
    assert (None, b"") == (tags.get(DIRTY), patch)


def changed(folder: Path) -> None:
    """Change everything that can be changed."""
    (folder / "kept.txt").write_bytes(b"a\r\nb\r\n\xe9t\xe9 \xff\n no end")
    (folder / "gone.txt").unlink()
    (folder / "new and ünï.txt").write_bytes(b"first\r\nsecond\n")
    (folder / "binary.bin").write_bytes(bytes(range(256)))
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.py").write_text("x = 1\n")
    (folder / ":magic").write_text("a name that git could misread\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)


def test_the_patch_makes_the_same_files_of_a_clone(mlflow: ModuleType, repository: Repository, tmp_path: Path) -> None:
    """Line ends, encodings, binary and new files: a result can be had again from commit and patch."""
    changed(repository.folder)
    before = repository.state()
    tags, patch = captured(mlflow, str(repository.folder))

    assert "true" == tags[DIRTY]
    assert before == repository.state()
    assert contents(repository.folder) == applied(repository, tags[COMMIT], patch, tmp_path / "clone")
    assert os.access(tmp_path / "clone" / "run.sh", os.X_OK)


def test_the_users_taste_in_differences_does_not_matter(
    mlflow: ModuleType, repository: Repository, tmp_path: Path
) -> None:
    """Colours, prefixes and programs for showing differences are for people."""
    for name, value in (
        ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("color.ui", "always"), ("diff.external", "false"),
        ("diff.relative", "true"), ("core.fsmonitor", f"touch {tmp_path}/pwned"), ("diff.context", "0"),
    ):  # fmt: skip
        repository.git("config", name, value)
    changed(repository.folder)
    tags, patch = captured(mlflow, str(repository.folder))

    assert contents(repository.folder) == applied(repository, tags[COMMIT], patch, tmp_path / "clone")
    assert not (tmp_path / "pwned").exists()


def test_what_is_staged_and_renamed_is_in_the_patch(mlflow: ModuleType, repository: Repository, tmp_path: Path) -> None:
    """The patch is about the files, wherever a commit of them stands."""
    repository.git("mv", "kept.txt", "moved.txt")
    (repository.folder / "staged.txt").write_text("1\n")
    repository.git("add", "staged.txt")
    (repository.folder / "staged.txt").write_text("2\n")
    tags, patch = captured(mlflow, str(repository.folder))

    assert contents(repository.folder) == applied(repository, tags[COMMIT], patch, tmp_path / "clone")


def test_only_the_projects_folder_counts(mlflow: ModuleType, repository: Repository) -> None:
    """In a repository of many projects others' changes are others'."""
    project(repository.folder / "mine", command("true"))
    repository.commit()
    (repository.folder / "kept.txt").write_text("changed")
    (repository.folder / "new.txt").write_text("new")
    tags, patch = captured(mlflow, f"{repository.folder}#mine")
    assert (None, b"") == (tags.get(DIRTY), patch)

    (repository.folder / "mine" / "x.txt").write_text("mine")
    tags, patch = captured(mlflow, f"{repository.folder}/mine")
    assert ("true", 1) == (tags[DIRTY], patch.count(b"diff --git"))
    assert b"+++ b/mine/x.txt" in patch


def test_stores_and_caches_are_not_changes(mlflow: ModuleType, repository: Repository) -> None:
    """Runs are often logged to a file beside the code: it is not code."""
    mlflow.set_tracking_uri(f"sqlite:///{repository.folder}/runyard.db")
    for name in ("mlruns/0/meta.yaml", "__pycache__/x.pyc", ".venv/bin/python", "mlflow.db"):
        (repository.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.folder / name).write_text("x")
    mlflow.projects.run(str(repository.folder))
    tags, patch = captured(mlflow, str(repository.folder))

    assert (None, b"") == (tags.get(DIRTY), patch)


def test_large_and_many_new_files_are_named(mlflow: ModuleType, repository: Repository) -> None:
    """Data beside the code neither fills the store nor stops the run."""
    (repository.folder / "large.csv").write_text("x" * 300_000)
    deep = repository.folder / "data" / ("long" * 60) / ("path" * 60) / ("to" * 120)
    deep.mkdir(parents=True)
    for number in range(2500):  # more than a command line can name
        (deep / f"{number}.txt").write_text(f"{number}\n")
    for number in range(60):
        (repository.folder / f"medium-{number}.txt").write_text("y" * 250_000)
    tags, patch = captured(mlflow, str(repository.folder))

    assert "true" == tags[DIRTY]
    assert b"# not contained: large.csv\n" in patch
    assert b"# not contained: medium-" in patch
    assert 2500 == patch.count(b"diff --git a/data/")
    assert len(patch) < 12_000_000


def test_a_clone_has_no_changes(mlflow: ModuleType, repository: Repository) -> None:
    """A version of a repository is that version, whatever the checkout looks like."""
    changed(repository.folder)
    run = mlflow.projects.run(str(repository.folder), version="main")

    assert DIRTY not in mlflow.get_run(run.run_id).data.tags
    assert {"requirements.txt"} == set(artifacts(run.run_id, "project"))


def test_a_repository_without_commits_is_run(mlflow: ModuleType, tmp_path: Path) -> None:
    """The first experiment often comes before the first commit."""
    made = Repository(tmp_path / "code")
    project(made.folder, command("true"))
    tags, _ = captured(mlflow, str(made.folder))

    assert COMMIT not in tags


def test_new_files_that_hold_secrets_are_not_kept(mlflow: ModuleType, repository: Repository) -> None:
    """Everybody who may see the run may read its patch."""
    for name in (".env", ".env.local", "aws-credentials.json", "server.key", "notes.txt"):
        (repository.folder / name).write_text("hunter2\n" if name != "notes.txt" else "plain\n")
    _, patch = captured(mlflow, str(repository.folder))

    assert b"hunter2" not in patch
    assert b"+plain" in patch
    assert b"# not contained: .env\n" in patch
