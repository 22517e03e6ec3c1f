"""The alias holds in what an aliased program starts, and other Pythons are left alone."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mlflow.conftest import Finished

Python = Callable[..., Finished]

STARTING = """
import json, os, subprocess, sys
import mlflow
SHOW = "import mlflow; print(mlflow.__name__)"
NESTED = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SHOW!r}])"
open("shown.py", "w").write(SHOW)
os.mkdir("elsewhere")
here = sys.executable
found = {
    "file": ([here, "shown.py"], {}),
    "-c": ([here, "-c", SHOW], {}),
    "-m": ([here, "-m", "shown"], {}),
    "another folder": ([here, "-c", SHOW], {"cwd": "elsewhere"}),
    "a copy of the variables": ([here, "-c", SHOW], {"env": dict(os.environ)}),
    "more on the path": (
        [here, "-c", SHOW], {"env": {**os.environ, "PYTHONPATH": "more" + os.pathsep + os.environ["PYTHONPATH"]}}
    ),
    "a shell": (["sh", "-c", f"'{here}' shown.py"], {}),
    "a child of a child": ([here, "-c", NESTED], {}),
}
for name, (command, options) in found.items():
    done = subprocess.run(command, capture_output=True, text=True, **options)
    print(json.dumps([name, done.stdout, done.stderr]))
"""

DASK = """
import mlflow
from distributed import Client, LocalCluster
def name(_):
    import mlflow
    return mlflow.__name__
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        print(client.gather(client.map(name, range(4))))
"""


def test_a_child_has_it_however_it_is_started(python: Python, tmp_path: Path) -> None:
    """Launchers, shells and build tools start programs in all these ways."""
    (tmp_path / "starting.py").write_text(STARTING)

    done = python("-m", "runyard.alias", "starting.py")

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert 8 == len(found), done.stderr
    assert [] == [each for each in found if each[1:] != ["runyard\n", ""]]


@pytest.mark.filterwarnings("ignore")
def test_dasks_workers_have_it(python: Python, tmp_path: Path) -> None:
    """They are processes that a nanny starts."""
    (tmp_path / "cluster.py").write_text(DASK)

    assert f"{['runyard'] * 4}\n" == python("-m", "runyard.alias", "cluster.py").stdout


def test_a_child_loads_runyard_when_it_asks_for_mlflow(python: Python) -> None:
    """Of all the Pythons that a program starts most have nothing to log, and need not wait."""
    child = (
        "import sys; before = 'runyard' in sys.modules\\n"
        "import importlib.metadata as m; print(before, m.version('mlflow'), 'runyard' in sys.modules)\\n"
        "print([each.metadata['Name'] for each in m.distributions()].count('mlflow'))"
    )
    code = (
        "import runyard.alias, subprocess, sys; runyard.alias.install(quiet=True)\n"
        f"subprocess.run([sys.executable, '-c', '''{child}'''], check=True)"
    )

    assert "False 3.17.2 True\n1\n" == python("-W", "ignore", "-c", code).stdout


def test_a_sitecustomize_of_the_user_is_run(python: Python, tmp_path: Path) -> None:
    """Coverage and tracing start there; it may import mlflow itself."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import os, mlflow\nos.environ['THEIRS'] = mlflow.__name__\n")
    child = "import os, sitecustomize; print(os.environ['THEIRS'], sitecustomize.__file__)"
    (tmp_path / "start.py").write_text(
        "import os, subprocess, sys\n"
        f"path = os.environ['PYTHONPATH'] + os.pathsep + {str(site)!r}\n"
        f"subprocess.run([sys.executable, '-c', {child!r}], env=dict(os.environ, PYTHONPATH=path), check=True)\n"
    )

    assert f"runyard {site}/sitecustomize.py\n" == python("-m", "runyard.alias", "start.py").stdout


@pytest.mark.parametrize(
    ("alias", "told"),
    [
        (None, ""),
        ("def install(): pass", "unexpected keyword argument 'quiet'"),
        ("def install(quiet): raise SystemError('old')", "does not give Runyard in"),
        ("import no_such_module", "No module named 'no_such_module'"),
    ],
    ids=["without", "older", "failing", "broken"],
)
def test_a_python_with_another_runyard_or_none_starts_unharmed(
    python: Python, tmp_path: Path, alias: str | None, told: str
) -> None:
    """The mlflow that it has is the one it gets, and why not Runyard is told when it asks for mlflow."""
    packages = tmp_path / "packages"
    for name in ("mlflow", "runyard") if alias is not None else ("mlflow",):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text("__version__ = '2.0'\n")
    if alias is not None:
        (packages / "runyard" / "alias.py").write_text(alias)
    base = str(getattr(sys, "_base_executable", sys.executable))
    (tmp_path / "start.py").write_text(
        "import os, subprocess, sys\n"
        f"path = os.environ['PYTHONPATH'].split(os.pathsep)[0] + os.pathsep + {str(packages)!r}\n"
        "for code in ('pass', 'import mlflow; print(mlflow.__version__)'):\n"
        "    sys.stderr.flush()\n"
        f"    subprocess.run([{base!r}, '-c', code], env=dict(os.environ, PYTHONPATH=path), check=True)\n"
        "    print('--', file=sys.stderr, flush=True)\n"
    )

    done = python("-m", "runyard.alias", "start.py")

    quiet, asked, _ = done.stderr.split("--\n")
    assert ("2.0\n", "") == (done.stdout, quiet)
    assert told in asked
    assert (told != "") == (asked != "")


def test_it_is_switched_on_and_off_for_children_too(python: Python, real_mlflow: Path) -> None:
    """A notebook that had enough of it starts programs as before; without a word about the real one, if asked so."""
    code = (
        "import os, subprocess, sys, runyard.alias\n"
        "def shown(): print(subprocess.run([sys.executable, '-c', 'import mlflow; print(mlflow.__name__)'],"
        " text=True, capture_output=True).stdout, end='')\n"
        "before = dict(os.environ)\n"
        "runyard.alias.load_ipython_extension(None); shown(); runyard.alias.unload_ipython_extension(None); shown()\n"
        "print(before == dict(os.environ))"
    )

    assert "runyard\nmlflow\nTrue\n" == python("-c", code, path=real_mlflow).stdout


def test_what_the_user_chose_for_children_stands(python: Python) -> None:
    """RUNYARD_ALIAS=never keeps it in this process."""
    code = (
        "import os, runyard.alias; runyard.alias.install(); import mlflow\n"
        "print(mlflow.__name__, os.environ['RUNYARD_ALIAS'], 'programs' in os.environ['PYTHONPATH'])"
    )

    assert "runyard never False\n" == python("-c", code, RUNYARD_ALIAS="never").stdout
