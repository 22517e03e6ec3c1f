"""`import runyard` is light, and its table of names is complete and true."""

import importlib
import json
import subprocess
import sys
from types import ModuleType

import pytest

import runyard
from runyard.version import VERSION, __version__

HEAVY = (
    "sqlalchemy alembic fastapi starlette pydantic msgspec orjson urllib3 click jinja2 yaml pandas numpy psutil "
    "requests httpx importlib.metadata asyncio http.client ssl sqlite3 logging"
).split()


def modules_after(code: str) -> set[str]:
    """The modules a fresh interpreter has loaded after running this."""
    program = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_importing_loads_nothing_heavy() -> None:
    """Only the table, the lazy loader and what Python's typing needs: the cost of an import is the modules it loads."""
    loaded = modules_after("import runyard")

    assert set() == loaded & set(HEAVY)
    assert {"runyard", "runyard._lazy", "runyard._missing"} == {
        name for name in loaded if name.split(".")[0] == "runyard"
    }


def test_entities_and_addresses_need_only_the_standard_library() -> None:
    """Reading a run's status must not load a database driver."""
    code = "import runyard as m\nm.entities.Run\nm.set_tracking_uri('http://localhost:1')\nm.MlflowException\nm.active_run()"
    third_party = {"sqlalchemy", "fastapi", "pydantic", "msgspec", "orjson", "pandas", "numpy", "psutil", "yaml"}

    assert set() == modules_after(code) & third_party


def test_listing_the_names_loads_nothing() -> None:
    """Completion in an editor asks for dir()."""
    assert set() == modules_after("import runyard\nassert 'log_metric' in dir(runyard)") & set(HEAVY)


def test_trying_a_name_does_not_look_for_similar_ones() -> None:
    """pickle tries a name in every loaded module, for each function that does not say which one it is of."""
    tries = "assert not hasattr(runyard, 'log_metrc')"

    assert "difflib" not in modules_after(f"import runyard\n{tries}")


@pytest.mark.parametrize("name", vars(runyard)["__all__"])
def test_every_name_in_the_table_is_there(name: str) -> None:
    """Some integrations walk dir(mlflow) and take every attribute."""
    assert getattr(runyard, name) is getattr(runyard, name)


@pytest.mark.parametrize(
    "module", ["artifacts", "client", "config", "data", "entities", "exceptions", "system_metrics"]
)
def test_submodules_are_attributes_without_importing_them(module: str) -> None:
    """mlflow.entities.Metric works after plain `import runyard as mlflow`."""
    answer = subprocess.run(
        [sys.executable, "-c", f"import runyard as mlflow\nprint(type(mlflow.{module}).__name__)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.strip() == ModuleType.__name__


@pytest.mark.parametrize("name", ["fastai", "paddle", "start_span"])
def test_a_part_that_is_not_in_this_version_says_so(name: str) -> None:
    """It looks absent to hasattr and dir, and the error tells what to do meanwhile."""
    assert not hasattr(runyard, name)
    assert name not in dir(runyard)
    with pytest.raises(AttributeError, match=f"runyard.{name} is not in this version of Runyard: .* later|offered"):
        getattr(runyard, name)


def test_a_name_that_nobody_knows_is_a_plain_attribute_error() -> None:
    """As for any module."""
    with pytest.raises(AttributeError, match="module 'runyard' has no attribute 'log_metrik'"):
        _ = getattr(runyard, "log_metrik")  # noqa: B009  (type checkers know it too)


def test_the_version_passes_comparisons_with_mlflows() -> None:
    """Integrations ask for at least 2.8 or 3.0, by PEP 440."""
    packaging = importlib.import_module("packaging.version")

    assert packaging.Version("3.17.2") <= packaging.Version(runyard.__version__) < packaging.Version("3.17.3")
    assert runyard.__version__ == f"{VERSION}+runyard.{__version__}"


@pytest.mark.parametrize(
    ("statement", "meant"),
    [
        ("runyard.log_metrc", "log_metric"),
        ("runyard.lof_artifacts", "log_artifacts"),
        ("runyard.sklern.autolog", "sklearn"),
        ("runyard.sklearn.log_modle", "log_model"),
        ("runyard.RunyardClient().serch_runs", "search_runs"),
    ],
)
def test_misspelt_name_is_answered_with_the_right_one(statement: str, meant: str) -> None:
    """A typo costs seconds, not a search in the documentation."""
    with pytest.raises(AttributeError, match=f"Did you mean '{meant}'"):
        eval(statement, {"runyard": runyard})


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("import runyard.sklern", "Did you mean 'sklearn'"),
        ("from runyard import sklern", "Did you mean 'sklearn'"),
        ("from runyard.pyfunc import PythonModle", "Did you mean 'PythonModel'"),
        ("import runyard.fastai", "pyfunc.log_model"),
        ("from runyard import paddle", "pyfunc.log_model"),
    ],
)
def test_import_of_what_is_not_there_says_what_is(statement: str, says: str) -> None:
    """The import system knows no suggestions for modules."""
    with pytest.raises(ImportError, match=says):
        exec(statement)
