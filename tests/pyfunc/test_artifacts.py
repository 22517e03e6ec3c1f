"""Files of Python models: each key has its own, wherever it comes from and however it is called there."""

import functools
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LinearRegression

import runyard
from runyard import pyfunc
from runyard.exceptions import InvalidParameter, RunyardException
from tests.support.clients import real_client

NONE: dict[str, Any] = {"pip_requirements": []}


class Reading(pyfunc.PythonModel):
    """Gives what is in its files."""

    def load_context(self, context: pyfunc.PythonModelContext) -> None:
        """Read them."""
        self.texts = {name: _text_in(Path(path)) for name, path in context.artifacts.items()}

    def predict(self, context: pyfunc.PythonModelContext, model_input: Any, params: Any = None) -> Any:
        """The texts by key."""
        return self.texts


class Ensemble(pyfunc.PythonModel):
    """Adds up what the models in it give."""

    def load_context(self, context: pyfunc.PythonModelContext) -> None:
        """Load them."""
        self.models = [pyfunc.load_model(path) for path in context.artifacts.values()]

    def predict(self, context: pyfunc.PythonModelContext, model_input: Any, params: Any = None) -> Any:
        """The sum."""
        return [float(sum(one.predict(model_input)[0] for one in self.models))]


def _text_in(path: Path) -> Any:
    return path.read_text() if path.is_file() else {one.name: _text_in(one) for one in sorted(path.iterdir())}


def _write(*places: str) -> None:
    for place in places:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_text(place)


def _addition(amount: float) -> Any:
    return LinearRegression().fit([[0.0], [1.0]], [amount, 1 + amount])


@pytest.fixture
def web(store: Path) -> Iterator[str]:
    """A web server, not a tracking server, with a file."""
    (store / "web").mkdir()
    (store / "web" / "weights.bin").write_text("from the web")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=store / "web")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_files_and_folders_of_one_name_are_kept_apart(store: Path) -> None:
    """Weights are called weights.bin in every training; so are folders, and a key may be any text."""
    _write("w1/weights.bin", "w2/weights.bin", "d1/part/x", "d2/PART/x", "0", "alone.txt")
    Path("d1/part/empty").mkdir()
    given: dict[str, Any] = {
        "a": "w1/weights.bin",
        "b": Path("w2/weights.bin"),
        "c/../d": "d1/part",
        "e": "d2/PART/",
        "f": "0",
    }
    pyfunc.save_model("model", python_model=Reading(), artifacts={**given, "g": "alone.txt"}, **NONE)
    assert pyfunc.load_model("model").predict([0]) == {
        "a": "w1/weights.bin",
        "b": "w2/weights.bin",
        "c/../d": {"empty": {}, "x": "d1/part/x"},
        "e": {"x": "d2/PART/x"},
        "f": "0",
        "g": "alone.txt",
    }
    described = yaml.safe_load(Path("model/MLmodel").read_text())["flavors"]["python_function"]["artifacts"]
    assert described["g"] == {"path": "artifacts/alone.txt", "uri": "alone.txt"}
    assert described["a"]["uri"] == "w1/weights.bin"


@pytest.mark.parametrize("address", ["models:/{id}", "runs:/{run}/line", "models:/Line/{version}", "{folder}"])
def test_whole_models_are_artifacts_of_an_ensemble(address: str, store: Path) -> None:
    """The usual ensemble loads logged models; two are called alike, and one alone has no name at all."""
    addresses = {}
    for number in (1, 2):
        with runyard.start_run() as run:
            more: dict[str, Any] = {"registered_model_name": "Line", "serialization_format": "cloudpickle"}
            info = runyard.sklearn.log_model(_addition(number), name="line", **more, **NONE)
        folder = runyard.artifacts.download_artifacts(info.model_uri)
        about = {"id": info.model_id, "run": run.info.run_id, "version": number, "folder": folder}
        addresses[f"inner {number}"] = address.format(**about)
    info = pyfunc.log_model(
        name="sum", python_model=Ensemble(), artifacts=addresses, input_example=np.array([[1.0]]), **NONE
    )
    assert pyfunc.load_model(info.model_uri).predict(np.array([[1.0]])) == [pytest.approx(5.0)]
    assert info.signature is not None
    one = {"inner": addresses["inner 1"]}
    info = pyfunc.log_model(name="one", python_model=Ensemble(), artifacts=one, **NONE)
    assert pyfunc.load_model(info.model_uri).predict(np.array([[1.0]])) == [pytest.approx(2.0)]


def test_files_of_any_web_server_are_fetched_and_their_credentials_are_not_kept(web: str, store: Path) -> None:
    """An address with a password or a signature in it would be readable by all who can read the model."""
    _write("weights.bin")
    address = f"http://ada:secret-word@{web}/weights.bin?X-Amz-Signature=secret-word"
    given = {"far": address, "near": "weights.bin"}
    pyfunc.save_model("model", python_model=Reading(), artifacts=given, **NONE)
    assert pyfunc.load_model("model").predict([0]) == {"far": "from the web", "near": "weights.bin"}
    assert "secret-word" not in Path("model/MLmodel").read_text()
    with pytest.raises(RunyardException, match=r"none\.bin answered 404") as refused:
        pyfunc.save_model("other", python_model=Reading(), artifacts={"a": f"http://a:secret-word@{web}/none.bin"})
    assert "secret-word" not in refused.value.message


@pytest.mark.parametrize("given", [["weights.bin"], {"a": 3}, {1: "weights.bin"}, {"a": ""}])
def test_artifacts_that_name_nothing_are_refused(given: Any, store: Path) -> None:
    """The message shows what was given; nothing is left behind."""
    with pytest.raises(InvalidParameter, match="artifacts"):
        pyfunc.save_model("model", python_model=Reading(), artifacts=given, **NONE)
    assert not Path("model").exists()


def test_a_model_may_be_saved_below_the_folder_that_it_copies(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody works in one folder and gives that; the copy must not go on for ever into itself."""
    Path("work").mkdir()
    monkeypatch.chdir("work")
    _write("kept.txt", "below/other.txt")
    Path("below/code.py").write_text("")
    pyfunc.save_model("below/model", python_model=Reading(), artifacts={"all": "."}, code_paths=["below"], **NONE)
    assert set(pyfunc.load_model("below/model").predict([0])["all"]["below"]) == {"code.py", "other.txt"}
    assert sorted(file.name for file in Path("below/model/code/below").iterdir()) == ["code.py", "other.txt"]


def test_a_link_that_leads_nowhere_is_named(store: Path) -> None:
    """What is stored would not be the folder; nothing is left behind."""
    Path("data").mkdir()
    Path("data/broken").symlink_to("nowhere")
    for given in ({"artifacts": {"a": "data"}}, {"code_paths": ["data"]}):
        with pytest.raises(InvalidParameter, match="data/broken"):
            pyfunc.save_model("model", python_model=Reading(), **given, **NONE)
    assert not Path("model").exists()


@pytest.mark.compat
@pytest.mark.slow
def test_mlflow_reads_each_file_of_our_model(store: Path) -> None:
    """The paths in MLmodel are what MLflow's clients follow."""
    _write("w1/weights.bin", "w2/weights.bin")
    with runyard.start_run() as run:
        runyard.sklearn.log_model(_addition(1), name="line", serialization_format="cloudpickle", **NONE)
    given = {"a": "w1/weights.bin", "b": "w2/weights.bin", "inner": f"runs:/{run.info.run_id}/line"}

    def paths(rows: Any) -> Any:
        return [len(rows)]

    pyfunc.save_model("model", python_model=paths, artifacts=given, **NONE)
    program = (
        "import json, mlflow, pathlib; model = mlflow.pyfunc.load_model('model');"
        "found = model._model_impl.context.artifacts;"
        "inner = mlflow.pyfunc.load_model(found.pop('inner')).predict([[1.0]]).tolist();"
        "print(json.dumps([{k: pathlib.Path(v).read_text() for k, v in found.items()}, inner]))"
    )
    Path("read.py").write_text(program)
    done = subprocess.run([real_client(), "read.py"], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    texts = {"a": "w1/weights.bin", "b": "w2/weights.bin"}
    assert json.loads(done.stdout.splitlines()[-1]) == [texts, [pytest.approx(2.0)]]
