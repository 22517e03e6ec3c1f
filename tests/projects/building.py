"""Projects, repositories and archives that tests make, and what their runs left."""

import json
import os
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import runyard
from runyard.client import RunyardClient

SHOW = """import json, os, sys
ours = {name: value for name, value in os.environ.items() if name.startswith(("MLFLOW", "RUNYARD", "PY", "X_"))}
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "python": sys.prefix, "variables": ours}))
"""
"""A program that tells how it was started."""

Files = dict[str, str]


def project(folder: Path, mlproject: str | None = None, **files: str) -> Path:
    """A folder with an MLproject file and others: in their names, ``__`` stands for the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    if mlproject is not None:
        (folder / "MLproject").write_text(mlproject)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


def command(text: str, parameters: str = "{}") -> str:
    """An MLproject file with the entry point ``main``."""
    return (
        f"entry_points:\n  main:\n    parameters: {parameters}\n    command: {json.dumps(text, ensure_ascii=False)}\n"
    )


def output(run_id: str, part: str = "output.log") -> str:
    """What the program of a run printed, as the run keeps it."""
    uri = f"runs:/{run_id}/logs/{part}"
    return Path(runyard.artifacts.download_artifacts(uri)).read_bytes().decode(errors="replace")


def shown(run_id: str) -> Any:
    """What `SHOW` told."""
    return json.loads(output(run_id).splitlines()[-1])


def all_runs() -> list[Any]:
    """Every run of every experiment, in the order of their start."""
    client: RunyardClient = runyard.RunyardClient()
    ids = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(ids, order_by=["attributes.start_time ASC"]))


def artifacts(run_id: str, folder: str) -> dict[str, bytes]:
    """Names and contents of the files in a folder of a run's artifacts."""
    client: RunyardClient = runyard.RunyardClient()
    return {
        Path(one.path).name: Path(client.download_artifacts(run_id, one.path)).read_bytes()
        for one in client.list_artifacts(run_id, folder)
    }


def until(happened: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for something to be true, and give it."""
    deadline = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def lives(process_id: int) -> bool:
    """Is there such a process, not counting what only waits to be collected?"""
    try:
        return "Z" not in Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def written_ids(file: Path, count: int) -> list[int]:
    """The process ids in a file, a line each, once it has this number of them."""
    return until(lambda: (ids := ids_in(file)) and len(ids) >= count and ids)  # type: ignore[no-any-return]


def ids_in(file: Path) -> list[int]:
    """The process ids in a file; none when there is no file."""
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def zipped(archive: Path, **files: str) -> Path:
    """A zip file; ``__`` in the names of its members stands for the dot."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name.replace("__", "."), content)
    return archive


class Repository:
    """A git repository that a test makes, empty or as another one is."""

    def __init__(self, folder: Path, like: "Repository | None" = None) -> None:
        self.folder = folder
        if like is not None:
            shutil.copytree(like.folder, folder)
            return
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str) -> str:
        """What git says, without the last line end."""
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *arguments], cwd=self.folder, capture_output=True, check=True)
        return os.fsdecode(done.stdout).strip()

    def commit(self, mlproject: str | None = None, /, **files: str) -> str:
        """Commit everything in the folder, with these files; the id."""
        project(self.folder, mlproject, **files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "one step")
        return self.git("rev-parse", "HEAD")

    def state(self) -> tuple[str, str, bytes, list[str]]:
        """What must stay as it is: HEAD, status, index and objects."""
        head, status = (self.folder / ".git" / "HEAD").read_text(), self.git("--no-optional-locks", "status", "-s")
        objects = sorted(str(path) for path in (self.folder / ".git" / "objects").rglob("*"))
        return head, status, (self.folder / ".git" / "index").read_bytes(), objects
