"""Environments of projects: made once for what is asked for, kept, and the place where the program runs."""

import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from runyard.environments.creation import interpreter_for
from runyard.environments.specification import Specification
from runyard.exceptions import ExecutionException, RunyardException
from tests.projects.building import SHOW, all_runs, artifacts, command, output, project, shown
from tests.projects.conftest import Refused
from tests.projects.wheels import stand_in, wheel

THIS = f"{sys.version_info.major}.{sys.version_info.minor}"
USE = f"import tiny\nprint(tiny.__name__, tiny.core.x)\n{SHOW}".replace("import tiny\n", "import tiny.core\n", 1)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where environments are made, and a home without settings of pip or uv."""
    monkeypatch.setenv("RUNYARD_ENV_ROOT", str(tmp_path / "environments"))
    return tmp_path / "environments"


def made(root: Path) -> list[str]:
    """The environments that there are."""
    return sorted(path.name for path in root.glob("*-*") if path.is_dir())


def using(folder: Path, x: int = 1, **more: str) -> Path:
    """A project whose program uses a package beside it."""
    code = project(folder / "code", command("python use.py"), use__py=USE, **more)
    wheels = [wheel(code, "tiny", "1.0", core=f"x = {x}"), stand_in(code)]
    names = ", ".join(f"./{path.name}" for path in wheels)
    return project(
        code, python_env__yaml=f"python: '{THIS}'\ndependencies: ['runyard @ {wheels[1].as_uri()}', {names}]"
    )


def check_environment(mlflow: ModuleType, run_id: str, root: Path, used: str, x: int = 1) -> None:
    """A run used an environment of its own, with the packages that its project names, and notes that."""
    (name,) = made(root)
    seen = shown(run_id)
    assert (str(root / name), str(root / name)) == (
        seen["python"],
        seen["variables"].get("VIRTUAL_ENV", seen["python"]),
    )
    assert used == name.partition("-")[0]
    assert used == mlflow.get_run(run_id).data.tags["mlflow.project.env"]
    lines = artifacts(run_id, "project")["requirements.txt"].decode().splitlines()
    assert {"tiny==1.0", "runyard==99.0"} <= set(lines)
    assert f"tiny {x}\n" in output(run_id)
    assert "Made the environment in" in output(run_id)


@pytest.mark.parametrize("manager", [None, "uv"])
def test_a_project_runs_in_an_environment_of_its_own(
    mlflow: ModuleType, tmp_path: Path, root: Path, manager: str | None
) -> None:
    """With the packages that it names, noted with the run; uv is what is used when nobody chooses."""
    run = mlflow.projects.run(str(using(tmp_path)), env_manager=manager)

    check_environment(mlflow, run.run_id, root, "uv")


def test_an_environment_is_used_again_and_made_again_when_it_must(
    mlflow: ModuleType, tmp_path: Path, root: Path
) -> None:
    """The second run starts at once; one with other code in a package by its path does not get the old code."""
    folder = str(using(tmp_path))
    mlflow.projects.run(folder)
    run = mlflow.projects.run(folder)
    assert "Using the environment" in output(run.run_id)
    assert 1 == len(made(root))

    run = mlflow.projects.run(str(using(tmp_path, x=2)))
    assert "tiny 2\n" in output(run.run_id)
    assert 2 == len(made(root))


def test_steps_of_a_workflow_are_run_with_the_chosen_manager(
    mlflow: ModuleType, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, forked_python: None
) -> None:
    """`--env-manager local` holds for everything that a project runs, and so does the variable."""
    folder = using(tmp_path, main__py="import mlflow\nwith mlflow.start_run(): mlflow.projects.run('.', 'step.sh')")
    project(folder, step__sh="true")
    mlflow.projects.run(str(folder), "main.py", env_manager="local")
    monkeypatch.setenv("RUNYARD_PROJECT_ENV_MANAGER", "local")
    mlflow.projects.run(str(folder), "main.py")

    assert not root.exists()
    assert ["FINISHED"] * 4 == [run.info.status for run in all_runs()]
    assert not any("mlflow.project.env" in run.data.tags for run in all_runs())


def test_an_environment_that_cannot_be_made_fails_the_run(mlflow: ModuleType, tmp_path: Path, root: Path) -> None:
    """With the reason in the error and the output; no half of it is taken for the whole later."""
    folder = using(tmp_path)
    (folder / "tiny-1.0-py3-none-any.whl").write_text("no wheel")
    with pytest.raises(
        ExecutionException, match=r"failed: The environment could not be made: \w+ said: .*tiny.* The whole log is in "
    ):
        mlflow.projects.run(str(folder), env_manager="uv")
    (run,) = all_runs()

    assert ("FAILED", []) == (run.info.status, made(root))
    assert "The environment could not be made" in output(run.info.run_id)


def test_what_is_not_installed_is_told_before_there_is_a_run(refused: Refused, tmp_path: Path, root: Path) -> None:
    """Nothing is made for a project that cannot be run here."""
    folder = str(using(tmp_path))
    project(tmp_path / "code", python_env__yaml="python: 3.99")
    assert "Python 3.99 is asked for" in refused(folder, env_manager="virtualenv", experiment_name="new")
    assert "no conda environment" in refused(folder, env_manager="conda")

    conda = project(tmp_path / "conda", command("true"), conda__yaml="dependencies: [numpy=1.26]")
    assert "needs the program 'conda'" in refused(str(conda), env_manager="conda")
    assert "only conda can be asked for: numpy=1.26" in refused(str(conda))
    assert not root.exists()


def test_a_conda_environment_of_pip_packages_needs_no_conda(mlflow: ModuleType, tmp_path: Path, root: Path) -> None:
    """Projects written for conda run where there is none."""
    code = project(tmp_path / "code", command("python use.py"), use__py=USE)
    wheels = [wheel(code, "tiny", "1.0", core="x = 3"), stand_in(code)]
    uris = ", ".join(f"'{path.stem.partition('-')[0]} @ {path.as_uri()}'" for path in wheels)
    project(code, conda__yaml=f"dependencies: [python={THIS}, {{pip: [{uris}]}}]")
    run = mlflow.projects.run(str(code))

    assert "tiny 3\n" in output(run.run_id)
    assert ["uv"] == [name.partition("-")[0] for name in made(root)]


@pytest.mark.parametrize("manager", ["uv", pytest.param("virtualenv", marks=pytest.mark.slow)])
def test_packages_of_conda_are_asked_for_from_pip_when_a_manager_is_chosen(
    mlflow: ModuleType, tmp_path: Path, root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
    manager: str,
) -> None:  # fmt: skip
    """MLflow's own example projects have such files; what is not a package of Python is left out with a warning.

    A package beside the project is installed from its path. The virtualenv takes ten times as long to make as that of
    uv, so this one is also looked at as those above.
    """
    code = project(tmp_path / "code", command("python use.py"), use__py=f"import beside.core\n{USE}")
    ours, beside = stand_in(code), wheel(code, "beside", "1.0", core="y = 1")
    wheel(tmp_path / "index", "tiny", "1.0", core="x = 4")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "index"))
    pip = f"['runyard @ {ours.as_uri()}', ./{beside.name}]"
    named = f"[python={THIS}, 'conda-forge::tiny=1.0', libgcc-ng, {{pip: {pip}}}]"
    project(code, conda__yaml=f"channels: [conda-forge]\ndependencies: {named}")
    run = mlflow.projects.run(str(code), env_manager=manager)

    check_environment(mlflow, run.run_id, root, manager, x=4)
    assert "tiny==1.0.* of conda.yaml are installed by their names from pip" in caplog.text
    assert "Only conda has libgcc-ng" in caplog.text


def test_settings_that_surround_a_project_do_not_count(
    mlflow: ModuleType, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pinned version of uv, or a module of the project called as one of pip's, would break its environment."""
    monkeypatch.setenv("RUNYARD_ENV_ROOT", str(tmp_path / "code" / "environments"))
    folder = using(tmp_path, pip__py="raise SystemExit('not this one')")
    for place in (tmp_path, folder):
        (place / "pyproject.toml").write_text('[tool.uv]\nrequired-version = "==0.0.1"\n')
        (place / "uv.toml").write_text('required-version = "==0.0.1"\n')
    (folder / "more.txt").write_text("./tiny-1.0-py3-none-any.whl\n")
    ours = (folder / "runyard-99.0-py3-none-any.whl").as_uri()
    dependencies = f"['runyard @ {ours}', '-r more.txt']"
    project(folder, python_env__yaml=f"python: '{THIS}'\ndependencies: {dependencies}")
    monkeypatch.chdir(folder)
    run = mlflow.projects.run(".", env_manager="uv")

    assert "tiny 1\n" in output(run.run_id)


def test_a_build_that_fails_is_told_in_one_line(tmp_path: Path, root: Path) -> None:
    """The line that tells why and where the whole log is; what the build printed is in the log alone."""
    source = tmp_path / "broken"
    project(source, setup__py="print('much')\nraise ValueError('no such compiler')")
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "broken"\nversion = "1.0"\n'
    )
    (source / "backend.py").write_text("print('much')\nraise ValueError('no such compiler')\n")
    said: list[str] = []
    with pytest.raises(RunyardException) as refused:
        interpreter_for(Specification(THIS, (f"broken @ {source.as_uri()}",)), "uv", said.append)
    reason, _, log = refused.value.message.partition(" The whole log is in ")

    assert reason.endswith("ValueError: no such compiler.")
    assert "Traceback" not in reason
    assert "Traceback" in Path(log).read_text()
    assert not any("Traceback" in line for line in said)


def test_two_that_want_the_same_make_it_once(tmp_path: Path, root: Path) -> None:
    """Runs that start together wait for each other instead of breaking what the other makes."""
    wanted = Specification(THIS, (str(wheel(tmp_path, "tiny", "1.0")),))
    said: list[str] = []
    threads = [threading.Thread(target=interpreter_for, args=(wanted, "uv", said.append)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [1, 3] == [sum(line.startswith(word) for line in said) for word in ("Made", "Using")]
    assert (root / made(root)[0] / "bin" / "python").exists()


def test_everything_that_is_wanted_makes_an_environment_another(tmp_path: Path, root: Path) -> None:
    """Limits on versions count, and where code comes from."""
    tiny = str(wheel(tmp_path, "tiny", "1.0"))
    for wanted in (
        Specification(THIS, (tiny,)),
        Specification(THIS, (tiny,), constraints=("tiny<2",)),
        Specification(THIS, (tiny,), depends_on="state"),
        Specification(THIS, ()),
    ):
        assert interpreter_for(wanted, "uv") == interpreter_for(wanted, "uv")
    assert 4 == len(made(root))

    with pytest.raises(RunyardException, match="could not be made"):
        interpreter_for(Specification(THIS, (tiny,), constraints=("tiny<1",)), "uv")


@pytest.mark.slow
def test_the_program_logs_from_its_environment(mlflow: ModuleType, tmp_path: Path) -> None:
    """Runyard itself is in it, and `import mlflow` means it."""
    text = "import mlflow\nwith mlflow.start_run(): mlflow.log_metric('m', 1)\nprint(mlflow.__file__)"
    folder = project(tmp_path / "code", it__py=text, requirements__txt="\n")
    run = mlflow.projects.run(str(folder), "it.py", env_manager="uv")

    assert {"m": 1.0} == mlflow.get_run(run.run_id).data.metrics
    assert str(tmp_path / "environments") in output(run.run_id).splitlines()[-1]
