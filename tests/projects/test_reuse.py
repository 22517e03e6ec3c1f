"""Reuse: what was run already is not run again, and what differs in anything is."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import ExecutionException
from tests.projects.building import Repository, all_runs, artifacts, command, project, zipped

pytestmark = pytest.mark.usefixtures("forked_python")

NOTE = command("test {a} != bad && echo ran", "{a: {default: 1}}")
Make = Callable[..., str]


@pytest.fixture
def make(mlflow: ModuleType, tmp_path: Path) -> Make:
    """Runs a project with `reuse`; the id of the run that is its result."""
    project(tmp_path / "code", NOTE, lib__py="x = 1")

    def run(uri: str = str(tmp_path / "code"), *arguments: str, **more: object) -> str:
        return str(mlflow.projects.run(uri, *arguments, **{"reuse": True, **more}).run_id)

    return run


def test_the_same_again_is_the_earlier_run(mlflow: ModuleType, make: Make, tmp_path: Path) -> None:
    """Whatever way it is asked for: the result is there."""
    first = make()
    run = mlflow.projects.run(str(tmp_path / "code"), parameters={"a": 1}, reuse=True)

    assert (first, "FINISHED", True) == (run.run_id, run.get_status(), run.wait())
    run.cancel()
    assert [first] * 3 == [make("code"), make((tmp_path / "code").as_uri()), make(f"{tmp_path}#code")]
    assert ["FINISHED"] == [one.info.status for one in all_runs()]
    assert {"output.log": b"ran\n"} == artifacts(first, "logs")


def test_nothing_is_reused_unless_somebody_asks(mlflow: ModuleType, make: Make) -> None:
    """Running again is what running means; but what was run without asking can be reused later."""
    first = make(reuse=False)
    second = make(reuse=None)

    assert first != second
    assert second == make()


def test_the_environment_may_ask(mlflow: ModuleType, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNYARD_PROJECT_REUSE switches it on for a whole workflow, and an argument wins."""
    first = make()
    monkeypatch.setenv("RUNYARD_PROJECT_REUSE", "true")

    assert first == make(reuse=None)
    assert first != make(reuse=False)


def test_whatever_differs_is_run_again(make: Make, tmp_path: Path) -> None:
    """A result must not be taken for another one."""
    folder = tmp_path / "code"
    seen = [make()]
    for change in (
        lambda: (folder / "lib.py").write_text("x = 2"),
        lambda: (folder / "lib.py").rename(folder / "lib2.py"),
        lambda: project(folder, NOTE.replace("echo ran", "echo again")),
        lambda: project(folder / "deep" / "er", new__txt=""),
        lambda: (folder / "deep" / "er" / "new.txt").write_text("1"),
        lambda: (folder / "lib2.py").unlink(),
    ):
        change()
        seen.append(make())
        assert seen[-1] == make()
    seen += [make(parameters={"a": 2}), make(parameters={"a": 2, "b": ""}), make(parameters={"a": 2, "c": ""})]
    project(folder, x__sh="true", y__sh="true")
    seen += [make("code", "x.sh"), make("code", "y.sh"), make("code", "x.sh", experiment_name="other")]

    assert len(seen) == len(set(seen))


def test_stores_and_caches_do_not_count(mlflow: ModuleType, make: Make, tmp_path: Path) -> None:
    """Runs that are logged beside the code do not make it another."""
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/code/runyard.db")
    first = make()
    for name in ("__pycache__/lib.pyc", ".venv/x", "mlruns/0/x"):
        (tmp_path / "code" / name).parent.mkdir(parents=True)
        (tmp_path / "code" / name).write_text("x")

    assert first == make()


def test_a_run_that_did_not_finish_is_not_reused(make: Make, mlflow: ModuleType) -> None:
    """A failure may have been the network; it is tried again."""
    for _ in range(2):
        with pytest.raises(ExecutionException):
            make(parameters={"a": "bad"})
    assert ["FAILED", "FAILED"] == [run.info.status for run in all_runs()]
    first = make()
    mlflow.delete_run(first)

    assert first != make()


@pytest.mark.parametrize("ignored", [False, True], ids=["plain", "ignored by git"])
def test_the_content_of_files_that_are_given_counts(make: Make, tmp_path: Path, ignored: bool) -> None:
    """The same path with other data is another run, also where git does not look; the same data elsewhere is not."""
    if ignored:
        Repository(tmp_path)
        project(tmp_path, __gitignore="*.csv\ndata/\nmlruns/\nstore/\n")
    project(tmp_path / "code", command("true", "{d: path}"))
    for name in ("data", "mlruns", "data/.git", "data/node_modules"):
        project(tmp_path / name, x__csv="1")
    seen = []
    for place in ("data/x.csv", "data", "mlruns"):
        file = tmp_path / place if place.endswith("csv") else tmp_path / place / "x.csv"
        file.write_text(place)
        seen += [make(parameters={"d": place})]
        file.write_text("2")
        seen += [make(parameters={"d": place})]
        assert seen[-1] == make(parameters={"d": str(tmp_path / place)})
    for name in ("data/.git", "data/node_modules"):
        project(tmp_path / name, x__csv=name)
        seen += [make(parameters={"d": "data"})]
    (tmp_path / "elsewhere.csv").write_text("2")

    assert len(seen) == len(set(seen))
    assert seen[1] == make(parameters={"d": "elsewhere.csv"})


def test_data_behind_a_link_counts(make: Make, tmp_path: Path) -> None:
    """Data is often linked to from where there is room; links in circles end."""
    project(tmp_path / "code", command("true", "{d: path}"))
    project(tmp_path / "disk", x__csv="1")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "disk")
    (tmp_path / "data" / "round").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "gone").symlink_to(tmp_path / "none")
    first = make(parameters={"d": "data"})
    assert first == make(parameters={"d": "data"})

    project(tmp_path / "disk", x__csv="2")
    assert first != make(parameters={"d": "data"})


@pytest.mark.parametrize("rules", ["code/\n", "*\n"])
def test_a_project_that_git_ignores_is_looked_at_all_the_same(make: Make, tmp_path: Path, rules: str) -> None:
    """Home folders under git ignore nearly everything; code in them changes nevertheless."""
    Repository(tmp_path)
    project(tmp_path, __gitignore=rules)
    first = make()
    assert first == make()

    project(tmp_path / "code", lib__py="x = 2")
    assert first != make()


def test_what_git_ignores_in_a_project_does_not_count(make: Make, tmp_path: Path) -> None:
    """Results that a project writes beside its code do not make it another."""
    made = Repository(tmp_path / "code")
    made.commit(__gitignore="results/\n")
    first = make()
    project(tmp_path / "code" / "results", x__txt="x")
    assert first == make()

    project(tmp_path / "code", untracked__py="x")
    assert first != make()


def test_a_version_in_git_is_its_files(make: Make, tmp_path: Path) -> None:
    """Commits with the same files have the same results, from a clone, a checkout or a zip file."""
    made = Repository(tmp_path / "code")
    commit = made.commit()
    first = make()

    assert first == make("code", version=commit)
    assert commit != made.commit()
    assert first == make("code", version="main")
    assert first == make(str(zipped(tmp_path / "x.zip", MLproject=NOTE, lib__py="x = 1")))


def test_another_commit_of_a_submodule_is_another_project(make: Make, tmp_path: Path) -> None:
    """The code of a project is also what it takes from elsewhere."""
    inner, outer = Repository(tmp_path / "inner"), Repository(tmp_path / "code")
    inner.commit(x__py="1")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "sub")
    outer.commit()
    first = make()
    (outer.folder / "sub" / "x.py").write_text("2")

    assert first != make()


def test_another_environment_is_another_run(make: Make, tmp_path: Path) -> None:
    """Results depend on the versions of packages."""
    seen = []
    for lines in ("", "a==1", "a==2"):
        project(tmp_path / "code", requirements__txt=lines)
        seen.append(make(env_manager="local"))

    assert 3 == len(set(seen))


def test_large_inputs_are_not_read_unless_somebody_asks(mlflow: ModuleType, make: Make, tmp_path: Path) -> None:
    """Starting a run on a data set of gigabytes must not read all of it first."""
    project(tmp_path / "code", command("true", "{d: path}"))
    with (tmp_path / "data.bin").open("wb") as file:
        file.truncate(101_000_000)
    unasked, asked = (make(parameters={"d": "data.bin"}, reuse=reuse) for reuse in (False, True))

    assert "runyard.project.fingerprint" not in mlflow.get_run(unasked).data.tags
    assert asked == make(parameters={"d": "data.bin"})


def test_a_workflow_notes_the_steps_that_it_did_not_run(mlflow: ModuleType, make: Make, tmp_path: Path) -> None:
    """Changing the last step of a workflow costs the last step; its tree is still whole."""
    main = "import mlflow\nwith mlflow.start_run():\n  for n in '12':\n    mlflow.projects.run('steps', f'{n}.sh')\n"
    project(tmp_path / "code", None, main__py=main)
    (tmp_path / "code" / "MLproject").unlink()
    for name in "12":
        project(tmp_path / "code" / "steps", **{f"{name}__sh": "true"})
    make("code", "main.py")
    first, second = (run.info.run_id for run in all_runs()[1:])
    project(tmp_path / "code", main__py=main + "  print('changed')\n")
    changed = make("code", "main.py")

    tags = mlflow.get_run(changed).data.tags
    noted = {name: json.loads(text) for name, text in tags.items() if name.startswith("runyard.project.reused.")}
    prefix = "runyard.project.reused."
    assert {f"{prefix}{first}": {"entry_point": "1.sh"}, f"{prefix}{second}": {"entry_point": "2.sh"}} == noted
    assert 4 == len(all_runs())


def test_a_broken_repository_is_not_an_obstacle(make: Make, tmp_path: Path) -> None:
    """What git cannot read is read as a folder."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "code")], check=True)
    (tmp_path / "code" / ".git" / "HEAD").write_text("garbage")

    assert make() == make()
