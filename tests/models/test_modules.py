"""Modules that models bring with them: every loaded model runs its own code."""

# ruff: noqa: PLC0415 (what is tested are imports in functions)

import dataclasses
import enum
import importlib
import pickle
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

import runyard
from runyard import pyfunc

NONE: dict[str, Any] = {"pip_requirements": []}
ROWS = [[0.0]]


class Lazy(pyfunc.PythonModel):
    """Imports what it needs when it predicts, in both ways, and a submodule."""

    def predict(self, context: pyfunc.PythonModelContext, model_input: Any, params: Any = None) -> Any:
        """The versions of all that it imports."""
        import prep_of_models  # type: ignore[import-not-found]
        from steps_of_models.last import VERSION  # type: ignore[import-not-found]

        return [prep_of_models.VERSION, importlib.import_module("prep_of_models").VERSION, VERSION]


class Pickled(pyfunc.PythonModel):
    """Reads an object of a class of its module from a file, as most models of one's own do."""

    def load_context(self, context: pyfunc.PythonModelContext) -> None:
        """Read the object."""
        self.thing = pickle.loads(Path(context.artifacts["thing"]).read_bytes())

    def predict(self, context: pyfunc.PythonModelContext, model_input: Any, params: Any = None) -> Any:
        """What the object's class says."""
        return self.thing.version()


class Copying(pyfunc.PythonModel):
    """Copies an object of its module by way of pickle when it predicts."""

    def predict(self, context: pyfunc.PythonModelContext, model_input: Any, params: Any = None) -> Any:
        """What the copy's class says, and its module."""
        from prep_of_models import Thing

        copy = pickle.loads(pickle.dumps(Thing()))
        return [*copy.version(), sys.modules["prep_of_models"].VERSION]


@pytest.fixture
def workplace(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder from which modules can be imported; none of the models' is left afterwards."""
    monkeypatch.setattr(sys, "path", [str(store), *sys.path])
    yield store
    _forget("prep_of_models", "steps_of_models")


def _forget(*names: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in names]:
        del sys.modules[name]
    importlib.invalidate_caches()


def _write(folder: Path, version: str) -> list[str]:
    """Write modules of a version; gives the paths for `code_paths`."""
    folder.mkdir(exist_ok=True)
    module = folder / "prep_of_models.py"
    module.write_text(
        f"VERSION = {version!r}\n\n"
        "class Thing:\n    def version(self):\n        return [VERSION]\n\n"
        "def late(values):\n    from steps_of_models import last\n    return values + int(last.VERSION)\n"
    )
    package = folder / "steps_of_models"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("from .first import VERSION\n")
    (package / "first.py").write_text("from . import last\nVERSION = last.VERSION\n")
    (package / "last.py").write_text(f"VERSION = {version!r}\n")
    return [str(module), str(package)]


def _saved(folder: Path, version: str, make: Any, **more: Any) -> str:
    """A model of a version, saved."""
    target = str(folder / f"model {version}")
    pyfunc.save_model(target, python_model=make, code_paths=_write(folder / version, version), **more, **NONE)
    return target


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")])
@pytest.mark.parametrize("is_late", [True, False])
def test_two_models_run_their_own_module_of_one_name(workplace: Path, order: Sequence[str], is_late: bool) -> None:
    """The second version of a model would silently compute what the first one does."""
    saved = {version: _saved(workplace, version, Lazy()) for version in order}
    if is_late:
        loaded = {version: pyfunc.load_model(saved[version]) for version in order}
        found = {version: loaded[version].predict(ROWS) for version in order}
    else:
        found = {version: pyfunc.load_model(saved[version]).predict(ROWS) for version in order}
    assert found == {"1": ["1"] * 3, "2": ["2"] * 3}


def test_a_function_of_a_notebook_imports_its_own_module(workplace: Path) -> None:
    """Functions and classes that are pickled with their code import when they are called, too."""

    def versions(rows: Any) -> Any:
        import prep_of_models

        return [prep_of_models.VERSION]

    loaded = [pyfunc.load_model(_saved(workplace, version, versions)) for version in ("1", "2")]
    assert [one.predict(ROWS) for one in loaded] == [["1"], ["2"]]
    assert [one.unwrap_python_model()(ROWS) for one in loaded] == [["1"], ["2"]]


def test_models_of_one_class_keep_the_code_each_was_saved_with(workplace: Path) -> None:
    """A class of a notebook, saved twice, is one class for cloudpickle: the last model loaded gave its code to all."""

    class Scaled(pyfunc.PythonModel):
        def scale(self) -> str:
            return scale

        def predict(self, context: pyfunc.PythonModelContext, model_input: Any, params: Any = None) -> Any:
            import prep_of_models

            def late() -> Any:
                import prep_of_models

                return prep_of_models.VERSION

            with ThreadPoolExecutor(1) as pool:
                return [self.scale(), prep_of_models.VERSION, pool.submit(late).result()]

    for scale in ("1", "2"):
        _saved(workplace, scale, Scaled())
    loaded = [pyfunc.load_model(str(workplace / f"model {version}")) for version in ("1", "2")]
    assert [one.predict(ROWS) for one in loaded] == [["1"] * 3, ["2"] * 3]
    assert Scaled().scale() == "2", "loading a model must not change the program's own class"


def test_objects_of_the_programs_own_classes_stay_such(store: Path) -> None:
    """A program compares what a model gives with its own enumeration, and hands the model its own records."""

    class Color(enum.Enum):
        RED = 1

    @dataclasses.dataclass
    class Row:
        color: Color

    class Painter(pyfunc.PythonModel):
        def predict(self, context: pyfunc.PythonModelContext, model_input: list[Row]) -> Any:  # type: ignore[override]
            return [row.color for row in model_input]

    pyfunc.save_model("painter", python_model=Painter(), **NONE)
    assert pyfunc.load_model("painter").predict([Row(Color.RED)]) == [Color.RED]


def test_what_looks_modules_up_by_name_finds_the_models_own(workplace: Path) -> None:
    """Pickle and the readers of type hints ask ``sys.modules``, which imports nothing."""
    for version in ("1", "2"):
        _saved(workplace, version, Copying())
    loaded = [pyfunc.load_model(str(workplace / f"model {version}")) for version in ("1", "2", "1")]
    assert [one.predict(ROWS) for one in loaded] == [["1"] * 2, ["2"] * 2, ["1"] * 2]


def test_pickles_find_the_classes_of_their_own_model(workplace: Path) -> None:
    """A class is named in a pickle by its module alone, which both models have."""
    loaded = []
    for version in ("1", "2"):
        _write(workplace / version, version)
        sys.path.insert(0, str(workplace / version))
        thing = importlib.import_module("prep_of_models").Thing()
        (workplace / version / "thing.pkl").write_bytes(pickle.dumps(thing))
        saved = _saved(workplace, version, Pickled(), artifacts={"thing": str(workplace / version / "thing.pkl")})
        sys.path.remove(str(workplace / version))
        _forget("prep_of_models")
        loaded.append(pyfunc.load_model(saved))
    assert [one.predict(ROWS) for one in loaded] == [["1"], ["2"]]


def test_scikit_learn_models_keep_their_functions(workplace: Path) -> None:
    """A step of a pipeline is named by its module; what the object imports later is its own model's as well."""
    loaded = []
    for version in ("1", "2"):
        paths = _write(workplace / version, version)
        sys.path.insert(0, str(workplace / version))
        step = FunctionTransformer(importlib.import_module("prep_of_models").late)
        more = {"serialization_format": "cloudpickle", "pyfunc_predict_fn": "transform", **NONE}
        runyard.sklearn.save_model(step, f"steps {version}", code_paths=paths, **more)
        sys.path.remove(str(workplace / version))
        _forget("prep_of_models", "steps_of_models")
        loaded += [runyard.sklearn.load_model(f"steps {version}").transform]
        loaded += [pyfunc.load_model(f"steps {version}").predict]
    assert [float(one(np.zeros(1))[0]) for one in loaded] == [1, 1, 2, 2]


def test_the_callers_own_module_stays_the_callers(workplace: Path) -> None:
    """A program's module of the same name is not replaced, whether it was imported before or is afterwards."""
    saved = [_saved(workplace, version, Lazy()) for version in ("1", "2")]
    first = pyfunc.load_model(saved[0])
    assert first.predict(ROWS) == ["1"] * 3
    _write(workplace, "mine")
    import prep_of_models
    from steps_of_models import last  # type: ignore[import-not-found]

    second = pyfunc.load_model(saved[1])
    assert [second.predict(ROWS), first.predict(ROWS)] == [["2"] * 3, ["1"] * 3]
    assert (prep_of_models.VERSION, last.VERSION, importlib.import_module("prep_of_models").VERSION) == ("mine",) * 3
    assert sys.modules["prep_of_models"] is prep_of_models


def test_a_models_modules_can_be_imported_where_nothing_else_has_their_names(workplace: Path) -> None:
    """Programs pickle what a model gave them, and look at its classes, as with MLflow."""
    Path("alone_of_models.py").write_text("class Thing:\n    pass\n")
    pyfunc.save_model("alone", python_model=len, code_paths=["alone_of_models.py"], **NONE)
    Path("alone_of_models.py").unlink()
    pyfunc.load_model("alone")
    from alone_of_models import Thing  # type: ignore[import-not-found]

    assert type(pickle.loads(pickle.dumps(Thing()))) is Thing


def test_imports_of_missing_names_still_say_why(workplace: Path) -> None:
    """The import hooks for models pass on who imports."""
    pyfunc.load_model(_saved(workplace, "1", Lazy()))

    with pytest.raises(ModuleNotFoundError, match="Did you mean 'log_metric'"):
        exec("from runyard import log_metrc")


def test_models_in_threads_do_not_mix(workplace: Path) -> None:
    """A server of two versions loads and asks both at the same time."""
    saved = [_saved(workplace, str(version), Lazy()) for version in range(4)]

    def used(position: int) -> Any:
        return pyfunc.load_model(saved[position % 4]).predict(ROWS)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(used, range(16))) == [[str(position % 4)] * 3 for position in range(16)]


def test_a_loader_and_a_script_have_their_own_modules(workplace: Path) -> None:
    """The module that reads a model, and a model from code, are told apart like all others."""
    for version in ("1", "2"):
        folder = workplace / version
        paths = _write(folder, version)
        loader = folder / "steps_of_models" / "reading.py"
        loader.write_text("from prep_of_models import Thing\ndef _load_pyfunc(path):\n    return Model()\n\n"
                          "class Model:\n    def predict(self, data):\n        return Thing().version()\n")  # fmt: skip
        pyfunc.save_model(f"loader {version}", loader_module="steps_of_models.reading", code_paths=paths, **NONE)
        script = folder / "script.py"
        script.write_text("import runyard\n\ndef found(rows):\n    import prep_of_models\n"
                          "    return [prep_of_models.VERSION]\n\nrunyard.models.set_model(found)\n")  # fmt: skip
        pyfunc.save_model(f"script {version}", python_model=str(script), code_paths=paths, **NONE)
    loaded = [pyfunc.load_model(f"{kind} {version}") for kind in ("loader", "script") for version in ("1", "2")]
    assert [one.predict(ROWS) for one in loaded] == [["1"], ["2"], ["1"], ["2"]]
