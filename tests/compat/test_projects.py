"""MLflow's projects run unchanged, from Python and from the command line, with the same runs as with real MLflow.

What is different on purpose is written down here, each time with the reason, as a change of what MLflow shows.
"""

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.compat.test_real_clients import expected, run_script
from tests.support.clients import real_client
from tests.support.programs import forked_python
from tests.support.server import RunningServer

Seen = dict[str, Any]
Run = dict[str, Any]

WEIRD = shlex.quote("""it's a "test" of $HOME; `echo no` \\ *""")
DEFAULT_NAME = 'it\'s {fine} as "it" is'
TRAIN = (
    f"python train_script.py --name {WEIRD} --rate 0.5 --data HERE/data/points.csv "
    "--address 's3://bucket/a b' --depth=3"
)
DEFAULTS = (
    "FROM_THE_SHELL=yes python train_script.py HERE/data/points.csv "
    f"{shlex.quote(DEFAULT_NAME)} 0.1 True '' dbfs:/data && echo done"
)
FETCHED = "HERE/storage/TEMPORARY/param_2/weights.txt"
FAILS = "echo something; echo the last words >&2; exit 3 #"

COMMANDS: dict[str, list[str]] = {
    "active experiment": ["exit 0 # 1", "exit 0 # 1"],
    "cancel": ["python workflow_script.py sleeps", "python slow_script.py ../mark # --number 1 --before none"],
    "command": [f"{TRAIN} --extra 'a=b c'"],
    "command fails": [FAILS],
    "defaults": [DEFAULTS],
    "experiment id": ["exit 0 # 1"],
    "failing step": ["python workflow_script.py fails", f"{FAILS} --number 1 --before none"],
    "fails": [FAILS],
    "fails_in_python": ["python failing_script.py"],
    "fetched": [f"cat {FETCHED} HERE/data/points.csv > HERE/told; echo {FETCHED} >> HERE/told"],
    "file address": ["ls .. > HERE/told"],
    "git": ["ls .. > HERE/told"],
    "git branch": ["ls > HERE/told"],
    "git clone here": ["ls > HERE/told"],
    "git clone here folder": ["ls .. > HERE/told"],
    "git clone here version": ["ls > HERE/told"],
    "git commit": [TRAIN],
    "git commit folder": ["ls .. > HERE/told"],
    "git tag": ["ls > HERE/told"],
    "later": ["exit 0 # 2"],
    "later fails": [FAILS],
    "run id": ["exit 0 # 1"],
    "script": [f"python train_script.py --a 1 --b {WEIRD}"],
    "shell script": ["${SHELL:-bash} tool.sh --a 1 --b 'x y'"],
    "types": [f"{TRAIN} --extra {WEIRD} --more ''"],
    "workflow": [
        "python workflow_script.py 'step step third'",
        "python step_script.py 1 none",
        "python step_script.py 2 RUN-1-OF-workflow",
        "python step_script.py 30 RUN-2-OF-workflow nested # --number 3",
    ],
    "zip": ["ls > HERE/told"],
}
"""What bash was told, for the runs of projects of each case."""

VERSIONS = {
    "command fails": "COMMIT 1",
    "git branch": "feature/x",
    "git clone here version": "COMMIT 1",
    "git commit": "COMMIT 1",
    "git commit folder": "COMMIT 1",
    "git tag": "v1",
}
"""What was asked for; MLflow keeps the commit only, and the name of a branch."""

EXIT_CODES = {
    "cancel": ["-15", "-15"],
    "command fails": ["3"],
    "failing step": ["1", "3"],
    "fails": ["3"],
    "fails_in_python": ["1"],
    "later fails": ["3"],
}

PRINT = {"command fails", "defaults", "failing step", "fails", "fails_in_python", "later fails"}
"""Cases whose commands print something."""

REFUSED = {
    "both": "MLflow raises the base class, of which ours is one",
    "no number": "MLflow runs what is not a float",
    "no scheme": "MLflow leaves a run that goes on for ever",
    "no such backend": "MLflow leaves a run that goes on for ever",
    "no such folder": "MLflow passes on an error of GitPython",
    "no such manager": "MLflow raises the base class, of which ours is one",
    "no such path": "MLflow leaves a run that goes on for ever",
    "no such repository": "MLflow passes on an error of GitPython",
    "no such script": "MLflow makes a run, which fails",
    "no yaml": "MLflow passes on an error of PyYAML",
    "undeclared in the command": "MLflow passes on a KeyError, and leaves a run that goes on for ever",
    "unknown type": "MLflow takes any type for a text",
}
"""Bad input that is refused with an ExecutionException before a run is made, and what MLflow does instead."""


def projects_runs(case: Seen) -> list[Run]:
    """Those that a project was run for; the others were made by a script itself."""
    return [run for run in case["runs"] if "mlflow.project.backend" in run["tags"]]


def unquoted(seen: Seen) -> None:
    """Params are logged as they were given. MLflow logs what the shell is told: ``it's`` as ``'it'"'"'s'``."""
    for case in seen.values():
        for run in case["runs"]:
            for params in (run["params"], run.get("seen", {}).get("params", {})):
                params.update({name: shlex.split(value)[0] for name, value in params.items()})


def refused(seen: Seen) -> None:
    """Bad input is refused before anything is run, with one class of errors."""
    for case in REFUSED:
        assert seen[case] != {"error": "ExecutionException", "runs": []}, f"{case} is not a difference"
        seen[case] = {"error": "ExecutionException", "runs": []}


def cancelled(seen: Seen) -> None:
    """A cancelled run, and the steps that it started, are marked so. MLflow's go on for ever in the store."""
    seen["cancel"]["status"] = "KILLED"
    for run in seen["cancel"]["runs"]:
        run.update(status="KILLED", ended=True)


def described(seen: Seen) -> None:
    """A run that existed before gets the params and tags of others too. MLflow does not say then what was run."""
    (run,) = seen["run id"]["runs"]
    (other,) = seen["experiment id"]["runs"]
    run["params"] = other["params"]
    run["tags"] = {**other["tags"], **run["tags"]}


def local_clones(seen: Seen) -> None:
    """A repository on this machine is named by its path, as other folders are, and can be run at a version.

    MLflow names its top ``file://…``, folders below it relative to nothing, and other ``file://`` addresses by a path
    that does not exist. The branch is noted where one is checked out, as for scripts, and what is not committed.
    """
    for case, name in {"git clone here": "HERE/work", "git clone here folder": "HERE/work#inner"}.items():
        (run,) = seen[case]["runs"]
        run["tags"] |= {"mlflow.source.name": name, "mlflow.source.git.branch": "main"}
    (run,) = seen["git clone here"]["runs"]
    run["tags"]["mlflow.source.git.dirty"] = "true"
    run["artifacts"] += ["project/uncommitted.patch"]
    (run,) = seen["file address"]["runs"]
    run["tags"]["mlflow.source.name"] = "HERE/project#inner"
    (like,) = json.loads(json.dumps(seen["git tag"]["runs"]))
    like["tags"] |= {"mlflow.source.name": "HERE/work", "mlflow.source.git.repoURL": "HERE/work"}
    seen["git clone here version"] = {**seen["git tag"], "runs": [like]}


def kept(seen: Seen) -> None:
    """A run keeps what the project was run with, and what it printed; and tags that say so."""
    for name, commands in COMMANDS.items():
        runs = projects_runs(seen[name])
        for number, (run, command) in enumerate(zip(runs, commands, strict=True)):
            more = {"command": command, "fingerprint": "DIGEST", "parameters": "PARAMS"}
            if name in VERSIONS:
                more["version"] = VERSIONS[name]
            if name in EXIT_CODES:
                more["exitCode"] = EXIT_CODES[name][number]
            if "mlflow.parentRunId" in run["tags"]:
                more["root"] = run["tags"]["mlflow.parentRunId"]
            run["tags"] |= {f"runyard.project.{key}": value for key, value in more.items()}
            run["artifacts"].append("project/requirements.txt")
            if name in PRINT:
                run["artifacts"].append("logs/output.log")
                run["tags"]["runyard.output"] = "BYTES"
            run["artifacts"].sort()
    assert COMMANDS.keys() == {name for name, case in seen.items() if projects_runs(case)}


def with_our_differences(seen: Seen) -> Seen:
    """What MLflow shows, changed to what Runyard shows."""
    for difference in (unquoted, refused, cancelled, described, local_clones, kept):
        difference(seen)
    return seen


def without_last_words(seen: Seen) -> Seen:
    """What our SDK shows, but for what a cancelled workflow may have said, as on a busy machine."""
    for run in seen["cancel"]["runs"]:
        if run["tags"].pop("runyard.output", None):
            run["artifacts"].remove("logs/output.log")
    return seen


@pytest.mark.compat
def test_a_real_client_runs_projects_on_our_server_as_on_its_own_store(
    start_server: Callable[..., RunningServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Teams that keep MLflow's client see no difference at all."""
    python = real_client()
    monkeypatch.setenv("PATH", os.pathsep.join([str(python.parent), os.environ["PATH"]]))

    assert expected("projects") == run_script("projects", python, "mlflow", start_server().url, tmp_path / "client")


def test_our_sdk_runs_projects_as_mlflow_does_over_http(
    start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    """The projects' scripts say `import mlflow`, and no MLflow is installed."""
    shown = run_script("projects", forked_python(), "runyard", start_server().url, tmp_path / "client")

    assert with_our_differences(expected("projects")) == without_last_words(shown)


def test_our_sdk_runs_projects_as_mlflow_does_without_a_server(tmp_path: Path) -> None:
    """The same on a database file in the folder that a parameter names."""
    store = f"sqlite:///{tmp_path / 'client' / 'own.db'}"

    shown = run_script("projects", forked_python(), "runyard", store, tmp_path / "client")

    assert with_our_differences(expected("projects")) == without_last_words(shown)
