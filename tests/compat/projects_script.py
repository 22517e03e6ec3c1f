"""A script that runs projects, with real mlflow and with our SDK: python projects_script.py MODULE URI.

Prints what it saw as one JSON object: ids, times, places and made up names are replaced, so that two runs of it compare.
"""

import contextlib
import importlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"  # only servers have one
MODULE, URI = sys.argv[1:3]
mlflow = importlib.import_module(MODULE)
exceptions = importlib.import_module(f"{MODULE}.exceptions")
mlflow.set_tracking_uri(URI)
client = mlflow.MlflowClient()
HERE = Path.cwd()
TOLD = HERE / "told"
WEIRD = """it's a "test" of $HOME; `echo no` \\ *"""
NEEDED = {"name": WEIRD, "rate": 0.5, "data": "data/points.csv", "address": "s3://bucket/a b"}
seen = {}
names = {str(HERE): "HERE"}
commits = {}


def run(*args, **kwargs):
    return mlflow.projects.run(*args, **{"env_manager": "local", **kwargs})


def replaced(value):
    """A value with what differs from one run of this script to the next replaced."""
    if isinstance(value, dict):
        return {key: replaced(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [replaced(inner) for inner in value]
    if isinstance(value, str):
        for text, name in names.items():
            value = value.replace(text, name)
        value = re.sub(r"(?<=HERE/storage/)[^/]+(?=/param)", "TEMPORARY", value)
        return re.sub(r"^[a-z]+-[a-z]+-\d+$", "MADE UP", value)
    return value


def runs_of(experiment):
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id], run_view_type=3) if found else []
    return sorted(runs, key=lambda one: one.info.start_time)


def artifacts_of(run_id, path=None):
    for one in client.list_artifacts(run_id, path):
        if one.is_dir:
            yield from artifacts_of(run_id, one.path)
        else:
            yield one.path


def shown(one):
    tags = dict(one.data.tags)
    if tags.get("mlflow.user"):
        tags["mlflow.user"] = "USER"
    if tags.get("runyard.project.fingerprint"):
        tags["runyard.project.fingerprint"] = "DIGEST"
    if set(json.loads(tags.get("runyard.project.parameters", "[0]"))) <= set(one.data.params):
        tags["runyard.project.parameters"] = "PARAMS"
    logs = [file.file_size for file in client.list_artifacts(one.info.run_id, "logs")]
    if tags.get("runyard.output") == str(sum(logs)):
        tags["runyard.output"] = "BYTES"
    if tags.get("mlflow.source.name") == __file__:  # the state of this script's repository
        tags = {key: value for key, value in tags.items() if not key.startswith("mlflow.source")}
    artifacts = sorted(artifacts_of(one.info.run_id))
    inside = {}
    if "seen.json" in artifacts:
        inside = {"seen": mlflow.artifacts.load_dict(f"runs:/{one.info.run_id}/seen.json")}
    return {
        "name": one.info.run_name,
        "status": one.info.status,
        "ended": one.info.end_time is not None,
        "params": dict(one.data.params),
        "metrics": dict(one.data.metrics),
        "tags": tags,
        "artifacts": artifacts,
        **inside,
    }


def note(case, **more):
    """Keep what a case, which is the name of its experiment, led to."""
    runs = runs_of(case)
    names.update({found.info.run_id: f"RUN-{number}-OF-{case.replace(' ', '-')}" for number, found in enumerate(runs)})
    if TOLD.exists():
        more["told"] = TOLD.read_text().splitlines()
        TOLD.unlink()
    seen[case] = replaced({"runs": [shown(one) for one in runs], **more})


def failure(call, *args, **kwargs):
    """The class of the error that a call ends with; None when it succeeds."""
    try:
        call(*args, **kwargs)
    except exceptions.ExecutionException:
        return "ExecutionException"
    except exceptions.MlflowException:
        return "MlflowException"
    except Exception as problem:  # noqa: BLE001  (others are noted by their names)
        return type(problem).__name__
    return None


def until(condition, seconds=20):
    """Wait for something; did it happen?"""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def git(*arguments, folder):
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for kind in ("AUTHOR", "COMMITTER"):
        own |= {f"GIT_{kind}_NAME": "a", f"GIT_{kind}_EMAIL": "a@b.c", f"GIT_{kind}_DATE": "2024-01-01T00:00:00Z"}
    done = subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **own}, check=True, capture_output=True)
    return done.stdout.decode().strip()


def repository():
    """A bare repository with two commits on its branch, another branch and a tag; a clone of it as the user has one."""
    work = HERE / "work"
    shutil.copytree("project", work)
    git("init", "--quiet", "--initial-branch=main", folder=work)
    for number in (1, 2):
        (work / f"version-{number}.txt").write_text(str(number))
        git("add", ".", folder=work)
        git("commit", "--quiet", "--message", str(number), folder=work)
        commits[number] = git("rev-parse", "HEAD", folder=work)
        names[commits[number]] = f"COMMIT {number}"
    git("branch", "feature/x", "HEAD~1", folder=work)
    git("tag", "v1", "HEAD~1", folder=work)
    git("clone", "--quiet", "--bare", "work", "served/x.git", folder=HERE)
    git("remote", "add", "origin", "https://somebody@example.com/x.git", folder=work)


@contextlib.contextmanager
def daemon():
    """Serves the repository; gives its address."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    names[f"127.0.0.1:{port}"] = "GIT"
    command = ["git", "daemon", "--base-path=served", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen([*command, "--reuseaddr"], start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: failure(socket.create_connection, ("127.0.0.1", port)) is None)
        yield f"git://127.0.0.1:{port}/x.git"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def single(_address):
    submitted = run("project", parameters={**NEEDED, "extra": WEIRD, "more": ""}, experiment_name="types")
    note("types", status=submitted.get_status(), waited=submitted.wait(), kind=type(submitted).__name__)
    run("project", "defaults", experiment_name="defaults", run_name="a name")
    note("defaults")
    given = {"told": str(TOLD), "data": f"runs:/{submitted.run_id}/model/weights.txt"}
    run("project", "reads", parameters=given, experiment_name="fetched", storage_dir=str(HERE / "storage"))
    note("fetched")


def sources(_address):
    run("scripts", "train_script.py", parameters={"a": 1, "b": WEIRD}, experiment_name="script")
    note("script")
    run("scripts", "tool.sh", parameters={"a": 1, "b": "x y"}, experiment_name="shell script")
    note("shell script", given=Path("scripts/told").read_text())
    shutil.make_archive("packed", "zip", "project")
    run("packed.zip", "lists", parameters={"told": TOLD}, experiment_name="zip")
    note("zip")
    run((HERE / "project").as_uri() + "#inner", parameters={"told": TOLD}, experiment_name="file address")
    note("file address")


def chosen_runs(_address):
    mlflow.set_experiment("active experiment")
    run("project", "quick")
    with mlflow.start_run(run_name="outer"):
        run("project", "quick", run_name="inner")
    note("active experiment")
    run("project", "quick", experiment_id=client.create_experiment("experiment id"))
    note("experiment id")
    made = client.create_run(client.create_experiment("run id"), tags={"before": "1"}, run_name="made before")
    submitted = run("project", "quick", experiment_name="run id", run_id=made.info.run_id)
    note("run id", same=submitted.run_id == made.info.run_id)


def from_git(address):
    run(address, parameters=NEEDED, experiment_name="git commit", version=commits[1])
    note("git commit")
    cases = {
        "git commit folder": ((f"{address}#inner",), commits[1]),
        "git branch": ((address, "lists"), "feature/x"),
        "git tag": ((address, "lists"), "v1"),
        "git": ((f"{address}#inner",), None),
        "git clone here": (("work", "lists"), None),
        "git clone here folder": (("work#inner",), None),
        "git clone here version": (("work", "lists"), commits[1]),
    }
    Path("work/uncommitted.txt").write_text("new")
    for case, (args, version) in cases.items():
        error = failure(run, *args, parameters={"told": TOLD}, experiment_name=case, version=version)
        note(case, error=error)


def workflows(_address):
    run("project", "workflow", experiment_name="workflow")
    note("workflow")
    error = failure(run, "project", "workflow", parameters={"steps": "fails"}, experiment_name="failing step")
    note("failing step", error=error)


def asynchronous(_address):
    """Three at the same time: one succeeds, one fails, one is cancelled with the step that it waits for."""
    mark = HERE / "mark"

    def started(case, entry_point, **parameters):
        return run("project", entry_point, parameters=parameters, experiment_name=case, synchronous=False)

    cancelled = started("cancel", "workflow", steps="sleeps")
    others = {"later": started("later", "quick", number=2), "later fails": started("later fails", "fails")}
    running = until(lambda: mark.exists() and mark.read_text(), 60) and cancelled.get_status()
    cancelled.cancel()
    status, process = cancelled.get_status(), int(mark.read_text())
    note("cancel", running=running, status=status, waited=cancelled.wait(), gone=until(lambda: not alive(process), 1))
    if alive(process):
        os.kill(process, signal.SIGKILL)
    for case, submitted in others.items():
        note(case, waited=submitted.wait(), status=submitted.get_status())


def failing(_address):
    for entry_point in ("fails", "fails_in_python"):
        note(entry_point, error=failure(run, "project", entry_point, experiment_name=entry_point))


def bad_input(address):
    text, missing = {"name": "x"}, address.replace("/x.git", "/nowhere.git")
    cases = {
        "no such entry point": (("project", "nowhere"), {}),
        "no such script": (("project", "nowhere.py"), {}),
        "no value": (("project", "named"), {}),
        "no such path": (("project", "named"), {"parameters": {**text, "data": "nowhere.csv"}}),
        "no scheme": (("project", "named"), {"parameters": {**text, "address": "bucket/data"}}),
        "no number": (("project", "quick"), {"parameters": {"number": "many"}}),
        "no such folder": (("nowhere",), {}),
        "no such folder in it": (("project#nowhere",), {}),
        "no such version": ((address, "quick"), {"version": "nowhere"}),
        "no such commit": ((address, "quick"), {"version": "0" * 40}),
        "no such repository": ((missing, "quick"), {}),
        "no such backend": (("project", "quick"), {"backend": "nowhere"}),
        "no such manager": (("project", "quick"), {"env_manager": "nowhere"}),
        "version of a folder": (("project", "quick"), {"version": "main"}),
        "unknown type": (("odd/type",), {}),
        "two environments": (("odd/environments",), {}),
        "no yaml": (("odd/yaml",), {}),
        "undeclared in the command": (("odd/command",), {}),
    }
    for case, (args, kwargs) in cases.items():
        note(case, error=failure(run, *args, experiment_name=case, **kwargs))
    note("both", error=failure(run, "project", "quick", experiment_name="both", experiment_id="0"))
    note("Default", error=failure(run, "project", "quick", experiment_id="987654"))


ODD = {
    "type": "entry_points: {main: {parameters: {a: {type: banana, default: x}}, command: exit 0}}",
    "environments": "python_env: a.yaml\nconda_env: b.yaml\nentry_points: {main: {command: exit 0}}",
    "yaml": "entry_points: [",
    "command": "entry_points: {main: {command: 'echo {nowhere}'}}",
}


def command_line(address):
    """Three commands at the same time."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_EXPERIMENT")}
    begin = [sys.executable, "-m", MODULE, "run", "--env-manager", "local", "--experiment-name"]
    given = [part for name, value in NEEDED.items() for part in ("-P", f"{name}={value}")]
    cases = {
        "command": [*given, "-P", "extra=a=b c", "--run-name", "by command", "project"],
        "command fails": ["-v", commits[1], "-e", "fails", address],
        "command bad": ["-e", "nowhere", "project"],
    }
    started = {
        case: subprocess.Popen([*begin, case, *arguments], env={**clean, "MLFLOW_TRACKING_URI": URI})
        for case, arguments in cases.items()
    }
    for case, process in started.items():
        note(case, failed=process.wait() != 0)


def folders():
    """The projects and files that the cases use."""
    shutil.copytree(Path(__file__).parent / "project", "project", ignore=shutil.ignore_patterns("__pycache__"))
    Path("data").mkdir()
    Path("data/points.csv").write_text("1,2\n")
    Path("scripts").mkdir()
    for name in ("train_script.py", "tool.sh"):
        shutil.copy(Path("project", name), "scripts")
    for name, content in ODD.items():
        Path("odd", name).mkdir(parents=True)
        Path("odd", name, "MLproject").write_text(content)
    for name in ("a.yaml", "b.yaml"):
        Path("odd", "environments", name).write_text("dependencies: []\n")
    repository()


folders()
with daemon() as served:
    for part in (single, sources, chosen_runs, from_git, workflows, asynchronous, failing, bad_input, command_line):
        started = time.monotonic()
        part(served)
        print(part.__name__, round(time.monotonic() - started, 1), "s", file=sys.stderr)
print("\n" + json.dumps(seen))
