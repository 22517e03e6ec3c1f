"""`python -m runyard.alias` runs a program as `python` would, and tells the truth about a real mlflow."""

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from runyard import MlflowClient
from tests.mlflow.conftest import Finished

Python = Callable[..., Finished]

SHOW = """
'''What a program sees of itself.'''
import json, sys
import helper
import __main__
first = sys.path[0]
print(json.dumps({
    "name": __name__, "file": __file__, "argv": sys.argv, "path": first, "package": __package__, "doc": __doc__,
    "is_main": __main__.__dict__ is globals(),
}))
"""

TRAIN = """
import mlflow
from mlflow.tracking import MlflowClient
mlflow.set_experiment("aliased")
with mlflow.start_run(run_name="one"):
    mlflow.log_param("depth", 3)
    mlflow.log_metric("loss", 0.5)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A script that shows what it sees, in a folder with a module it imports."""
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "helper.py").write_text("")
    (folder / "__init__.py").write_text("")
    (folder / "show.py").write_text(SHOW)
    return folder


def test_a_script_sees_what_python_would_show_it(python: Python, program: Path) -> None:
    """Its arguments, its folder on the path, and itself as `__main__`."""
    plain = python("job/show.py", "--rate", "0.1", "-m")
    aliased = python("-m", "runyard.alias", "job/show.py", "--rate", "0.1", "-m")

    assert json.loads(aliased.stdout) == json.loads(plain.stdout)
    assert json.loads(aliased.stdout)["argv"] == ["job/show.py", "--rate", "0.1", "-m"]


def test_a_module_sees_what_python_would_show_it(python: Python, program: Path) -> None:
    """The same with `-m`."""
    plain = python("-m", "job.show", "--rate", "0.1", path=program)
    aliased = python("-m", "runyard.alias", "-m", "job.show", "--rate", "0.1", path=program)

    assert json.loads(aliased.stdout) == json.loads(plain.stdout)
    assert json.loads(aliased.stdout)["argv"] == [str(program / "show.py"), "--rate", "0.1"]


def test_a_script_stays_main_until_the_end(python: Python, tmp_path: Path) -> None:
    """Exit handlers and pickles look into `__main__` when the script has run through."""
    (tmp_path / "late.py").write_text(
        "import atexit, pickle\nclass Late: pass\natexit.register(lambda: print(pickle.loads(pickle.dumps(Late()))))\n"
    )

    assert "<__main__.Late object" in python("-m", "runyard.alias", "late.py").stdout


def test_an_unchanged_script_logs_with_runyard(python: Python, tmp_path: Path) -> None:
    """The run names the script as its source."""
    (tmp_path / "train.py").write_text(TRAIN)

    done = python("-m", "runyard.alias", "train.py")

    assert done.returncode == 0, done.stderr
    client = MlflowClient(f"sqlite:///{tmp_path / 'runyard.db'}")
    experiment = client.get_experiment_by_name("aliased")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status, run.data.params) == ("one", "FINISHED", {"depth": "3"})
    assert run.data.tags["mlflow.source.name"] == "train.py"


@pytest.mark.parametrize("arguments", [("open.py",), ("-m", "open")], ids=["script", "module"])
def test_a_run_that_is_left_open_ends_as_the_program_does(
    python: Python, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Many scripts end without `end_run`."""
    (tmp_path / "open.py").write_text("import mlflow, sys\nmlflow.start_run()\nsys.exit(int(sys.argv[1]))\n")
    (tmp_path / "to_the_end.py").write_text("import mlflow\nmlflow.start_run()\n")
    for program in ([*arguments, "0"], [*arguments, "3"], ["to_the_end.py"]):
        python("-m", "runyard.alias", *program)

    runs = MlflowClient(f"sqlite:///{tmp_path / 'runyard.db'}").search_runs(["0"], order_by=["start_time"])
    assert ["FINISHED", "FAILED", "FINISHED"] == [run.info.status for run in runs]


def test_a_script_that_fails_fails_the_same_way(python: Python, tmp_path: Path) -> None:
    """Exit codes and tracebacks pass through, and the run is marked as failed."""
    (tmp_path / "leave.py").write_text("import sys\nsys.exit(7)\n")
    (tmp_path / "crash.py").write_text("import mlflow\nrun = mlflow.start_run()\nraise ValueError('lost')\n")

    assert python("-m", "runyard.alias", "leave.py").returncode == 7
    crashed = python("-m", "runyard.alias", "crash.py")

    assert crashed.returncode == 1
    assert "ValueError: lost" in crashed.stderr
    (run,) = MlflowClient(f"sqlite:///{tmp_path / 'runyard.db'}").search_runs(["0"])
    assert run.info.status == "FAILED"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "usage: python -m runyard.alias"),
        (("--help",), 0, "usage: python -m runyard.alias"),
        (("-x", "train.py"), 2, "usage: python -m runyard.alias"),
        (("-m",), 2, "usage: python -m runyard.alias"),
        (("nowhere.py",), 2, "there is no file 'nowhere.py'"),
        (("-m", "nowhere.at_all"), 1, "there is no module named 'nowhere.at_all'"),
    ],
)
def test_a_call_that_names_no_program_says_what_to_do(
    python: Python, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """Without a traceback."""
    done = python("-m", "runyard.alias", *arguments)

    assert done.returncode == code
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_real_mlflow_is_shadowed_and_that_is_said_once(python: Python, real_mlflow: Path) -> None:
    """On the error output, where it disturbs no program's answer."""
    code = (
        "from runyard import alias; alias.install(); alias.uninstall(); alias.install()\n"
        "import mlflow, runyard; assert mlflow is runyard; print('ran')"
    )

    done = python("-c", code, path=real_mlflow)

    assert (done.stdout, done.returncode) == ("ran\n", 0), done.stderr
    assert done.stderr.count("is not used") == 1
    assert str(real_mlflow / "mlflow" / "__init__.py") in done.stderr


def test_uninstall_gives_the_real_mlflow_back(python: Python, real_mlflow: Path) -> None:
    """The next import finds it again."""
    code = (
        "from runyard import alias; alias.install()\nimport mlflow.utils\nalias.uninstall()\n"
        "import mlflow; print(mlflow.__version__)"
    )

    assert python("-c", code, path=real_mlflow).stdout == "2.0\n"


def test_install_refuses_when_the_real_mlflow_is_imported(python: Python, real_mlflow: Path) -> None:
    """Two of them in one process would mix up which run is active."""
    done = python("-c", "import mlflow\nfrom runyard import alias\nalias.install()", path=real_mlflow)

    assert done.returncode == 1
    assert "The real mlflow is imported already" in done.stderr
    assert "before anything imports mlflow" in done.stderr


def test_a_folder_named_mlflow_is_not_mlflow(python: Python, tmp_path: Path) -> None:
    """A folder of configuration beside the script is common; it is not reported."""
    (tmp_path / "mlflow").mkdir()

    done = python("-c", "from runyard import alias; alias.install(); import mlflow; print(mlflow.__name__)")

    assert (done.stdout, done.stderr) == ("runyard\n", "")


POOL = """
import multiprocessing, sys
import mlflow
def version(_): return mlflow.version.VERSION
if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool: print(pool.map(version, [1, 2]))
"""


@pytest.mark.parametrize("start", multiprocessing.get_all_start_methods())
@pytest.mark.parametrize("program", [("pool.py",), ("-m", "pool")], ids=["script", "module"])
def test_workers_have_it_too(
    python: Python, tmp_path: Path, real_mlflow: Path, program: tuple[str, ...], start: str
) -> None:
    """Data loaders and pools import the program again, `import mlflow` included; only one process talks about it."""
    (tmp_path / "pool.py").write_text(POOL)

    done = python("-m", "runyard.alias", *program, start, path=real_mlflow)

    assert done.stdout == "['3.17.2', '3.17.2']\n", done.stderr
    assert done.stderr.count("is not used") == 1


LOKY = """
import os, subprocess, sys
from joblib import Parallel, delayed
import mlflow
def version(_):
    import mlflow
    return mlflow.version.VERSION, os.getpid()
if __name__ == "__main__":
    found = Parallel(n_jobs=2)(delayed(version)(i) for i in range(2))
    print({each[0] for each in found}, os.getpid() in {each[1] for each in found})
    subprocess.run([sys.executable, "-c", "import mlflow; print(mlflow.version.VERSION)"], check=True)
"""


def test_pythons_that_it_starts_have_it_too(python: Python, tmp_path: Path, real_mlflow: Path) -> None:
    """joblib, Hydra's launcher and Ray start workers that know nothing of multiprocessing."""
    (tmp_path / "many.py").write_text(LOKY)

    done = python("-u", "-m", "runyard.alias", "many.py", path=real_mlflow)

    assert "{'3.17.2'} False\n3.17.2\n" == done.stdout, done.stderr
    assert done.stderr.count("is not used") == 1
