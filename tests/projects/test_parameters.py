"""Parameters of runs: what reaches the program, what is logged, and what is refused before there is a run."""

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.projects.building import SHOW, all_runs, artifacts, command, output, project, shown
from tests.projects.conftest import Refused
from tests.projects.test_commands import HOSTILE

pytestmark = pytest.mark.usefixtures("forked_python")


def test_hostile_values_reach_the_program_and_the_run_as_they_are(mlflow: ModuleType, tmp_path: Path) -> None:
    """A run started from a web form or a scheduler passes on what strangers typed."""
    names = [f"p{number}" for number in range(len(HOSTILE))]
    places = " ".join(f"{{{name}}}" for name in names)
    folder = project(tmp_path / "code", command(f"python show.py {places}", json.dumps(dict.fromkeys(names, "string"))))
    given = dict(zip(names, HOSTILE, strict=True))
    project(folder, show__py=SHOW)

    run = mlflow.projects.run(str(folder), parameters={**given, "more": "$(touch pwned)"})

    assert [*HOSTILE, "--more", "$(touch pwned)"] == shown(run.run_id)["arguments"]
    assert {**given, "more": "$(touch pwned)"} == mlflow.get_run(run.run_id).data.params
    assert ["MLproject", "show.py"] == sorted(path.name for path in folder.iterdir())


def test_the_program_sees_its_parameters_in_the_active_run(mlflow: ModuleType, tmp_path: Path) -> None:
    """A script reads its settings where it logs its results."""
    code = "import mlflow\nwith mlflow.start_run(): print(sorted(mlflow.active_run().data.params.items()))"
    folder = project(tmp_path / "code", command("python it.py", "{a: {type: float, default: 0}, b: string}"))
    project(folder, it__py=code)

    run = mlflow.projects.run(str(folder), parameters={"b": "x y", "c": 3})

    assert "[('a', '0'), ('b', 'x y'), ('c', '3')]\n" == output(run.run_id)


def test_a_hundred_and_fifty_parameters_are_logged(mlflow: ModuleType, tmp_path: Path) -> None:
    """More than one message of the protocol holds."""
    given = {f"p{number}": number for number in range(150)}
    run = mlflow.projects.run(str(project(tmp_path / "code", it__sh="true")), "it.sh", parameters=given)

    assert {name: str(value) for name, value in given.items()} == mlflow.get_run(run.run_id).data.params


def test_long_values_are_not_a_problem(mlflow: ModuleType, tmp_path: Path) -> None:
    """Prompts and lists of features can be long; what the run shows of its command is cut."""
    folder = project(tmp_path / "code", command("echo {a} {b} | wc -c", "{a: string, b: string}"))
    run = mlflow.projects.run(str(folder), parameters={"a": "x" * 60_000, "b": "y" * 60_000})

    assert 120_002 == int(output(run.run_id))
    assert 65_535 == len(mlflow.get_run(run.run_id).data.tags["runyard.project.command"])


DECLARED = "{f: {type: float, default: 1}, u: {type: uri, default: 's3://b'}, p: {type: path, default: .}, \
i: {type: int, default: 1}, b: {type: bool, default: true}}"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"f": "fast"}, "'f' has the type float"),
        ({"f": ""}, "'f' has the type float"),
        ({"f": "0,1"}, "'f' has the type float"),
        ({"u": "/data/x"}, "'u' has the type uri"),
        ({"u": "x"}, "'u' has the type uri"),
        ({"u": "s3:"}, "'u' has the type uri"),
        ({"p": "none.csv"}, "'p' names 'none.csv', and nothing is at"),
        ({"p": ""}, "'p' has the type path"),
        ({"p": "file:///none.csv"}, "nothing is at '/none.csv'"),
        ({"p": "~nobody-of-that-name/x"}, "nothing is at"),
        ({"p": "runs:/0123/none"}, "'p' names 'runs:/0123/none', which cannot be fetched"),
        ({"p": "http://user:secret@127.0.0.1:1/x.csv"}, "'http://127.0.0.1:1/x.csv', which cannot be fetched"),
        ({"i": "1.5"}, "'i' has the type int"),
        ({"b": "maybe"}, "'b' has the type bool"),
        ({"x;y": "1"}, "x;y"),
        ({"$(touch pwned)": "1"}, "touch pwned"),
        ({"a\nb": "1"}, "parameters"),
        ({"../x": "1"}, r"\.\./x"),
        ({"": "1"}, "parameters"),
        ({"x" * 251: "1"}, "251 characters"),
        ({"x": "nul\0"}, r"U\+0000"),
        ({"x": "y" * 65_536}, "65536 characters"),
    ],
    ids=repr,
)
def test_a_wrong_value_is_refused_before_there_is_a_run(
    refused: Refused, tmp_path: Path, given: dict[str, str], problem: str
) -> None:
    """Nobody waits for an environment to learn of a typing mistake, and no failed run is left to clean up."""
    folder = project(tmp_path / "code", command("touch {p}/started", DECLARED))
    said = refused(str(folder), parameters=given, experiment_name="new")

    assert re.search(problem, said), said
    assert "secret" not in said
    assert not list(tmp_path.rglob("started"))


def test_missing_values_are_named_together(refused: Refused, tmp_path: Path) -> None:
    """One look tells everything that has to be given."""
    folder = project(tmp_path / "code", command("run {a} {b} {c}", "{a: string, b: {default: null}, c: {default: ''}}"))

    assert "needs values for: 'a', 'b'" in refused(str(folder))
    assert "needs values for: 'b'" in refused(str(folder), parameters={"a": "x"}, experiment_name="new")


def test_values_of_all_types_are_taken(mlflow: ModuleType, tmp_path: Path) -> None:
    """What programs write for numbers and truth is taken as it stands."""
    folder = project(tmp_path / "code", command("echo {f} {u} {i} {b}", DECLARED))
    given = {"f": "1e-3", "u": "dbfs:/x", "i": "-3", "b": "False"}
    run = mlflow.projects.run(str(folder), parameters=given)

    assert "1e-3 dbfs:/x -3 False\n" == output(run.run_id)
    run = mlflow.projects.run(str(folder), parameters={"f": float("inf"), "i": 7, "b": True})
    assert "inf s3://b 7 True\n" == output(run.run_id)


def test_a_path_starts_where_the_caller_is(mlflow: ModuleType, tmp_path: Path) -> None:
    """`-P data=x.csv` means the file that the caller sees, and the run notes it as it was given."""
    folder = project(tmp_path / "code", command("echo {a} {b}", "{a: path, b: path}"))
    (tmp_path / "my data.csv").write_text("1")
    (tmp_path / "a b").mkdir()
    run = mlflow.projects.run(str(folder), parameters={"a": "my data.csv", "b": f"file://{tmp_path}/a%20b"})

    assert f"{tmp_path}/my data.csv {tmp_path}/a b\n" == output(run.run_id)
    assert {"a": "my data.csv", "b": f"file://{tmp_path}/a%20b"} == mlflow.get_run(run.run_id).data.params


def test_paths_elsewhere_are_fetched(mlflow: ModuleType, tmp_path: Path, web: str) -> None:
    """A program that reads files takes artifacts of runs and addresses, at the places where MLflow puts them."""
    with mlflow.start_run() as earlier:
        mlflow.log_text("of a run", "deep/x.txt")
    (tmp_path / "web" / "y z.txt").write_text("of the web")
    folder = project(tmp_path / "code", command("cat {r} {h}; ls -d {r} {h}", "{n: {default: 1}, r: path, h: path}"))
    given = {"r": f"runs:/{earlier.info.run_id}/deep/x.txt", "h": f"{web}/y%20z.txt"}

    run = mlflow.projects.run(str(folder), parameters=given, storage_dir=str(tmp_path / "kept"))

    (kept,) = (tmp_path / "kept").iterdir()
    places = [f"{kept}/param_1/x.txt", f"{kept}/param_2/y z.txt"]
    assert sorted(places) == sorted(output(run.run_id).removeprefix("of a runof the web").splitlines())
    assert given.items() <= mlflow.get_run(run.run_id).data.params.items()
    assert all(Path(place).exists() for place in places)


def test_a_folder_of_artifacts_is_fetched_and_goes_with_the_run(
    mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a storage_dir nothing is left; MLFLOW_TMP_DIR says where the room is, and runs do not meet in it."""
    monkeypatch.setenv("MLFLOW_TMP_DIR", str(tmp_path / "large-disk"))
    with mlflow.start_run() as earlier:
        mlflow.log_text("1", "data/x.txt")
        mlflow.log_text("2", "data/y.txt")
    folder = project(tmp_path / "code", command("cat {d}/x.txt {d}/y.txt; echo {d}", "{d: path}"))
    run = mlflow.projects.run(str(folder), parameters={"d": f"runs:/{earlier.info.run_id}/data"})

    assert output(run.run_id).startswith(f"12{tmp_path}/large-disk/runyard-parameters-")
    assert [] == list((tmp_path / "large-disk").iterdir())


def test_a_placeholder_that_is_not_a_parameter_is_refused(refused: Refused, tmp_path: Path) -> None:
    """It would reach the program as a brace."""
    said = refused(str(project(tmp_path / "code", command("run {alhpa}", "{alpha: string}"))), parameters={"alpha": 1})

    assert "uses {alhpa}, which is none of its parameters ['alpha']" in said


def test_arguments_that_make_no_sense_are_refused(refused: Refused, tmp_path: Path) -> None:
    """What is mixed up in a call is told in its words."""
    folder = str(project(tmp_path / "code", command("true")))

    assert "'parameters' must be names with values" in refused(folder, parameters=["a"])
    assert "either experiment_name or experiment_id" in refused(folder, experiment_name="a", experiment_id="0")
    assert "'entry_point' must be a text" in refused(folder, entry_point="")
    assert "'uri' must be a text" in refused(None)
    assert "has no entry point 'train'" in refused(folder, "train", experiment_name="new")
    assert "no environment manager 'pixi'" in refused(folder, env_manager="pixi")
    assert "docker_auth is not taken" in refused(folder, docker_auth={"password": "x"})


def test_a_run_keeps_nothing_but_its_logs_and_what_it_was_run_with(mlflow: ModuleType, tmp_path: Path) -> None:
    """The program's own artifacts are not mixed with ours."""
    run = mlflow.projects.run(str(project(tmp_path / "code", command("echo hi"))))

    assert ["logs", "project"] == [one.path for one in mlflow.artifacts.list_artifacts(run_id=run.run_id)]
    assert {"output.log": b"hi\n"} == artifacts(run.run_id, "logs")
    assert 1 == len(all_runs())
