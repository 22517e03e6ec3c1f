"""Models in a store: logged, registered, found again under every address, and described."""

import importlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import runyard
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.models import Model, get_model_info, infer_signature, set_signature
from runyard.pyfunc.model import PythonModel
from tests.support.server import RunningServer

NONE: dict[str, Any] = {"pip_requirements": []}


def _shout(lines: list[str]) -> list[str]:
    return [line.upper() for line in lines]


def _answers(uri: str) -> Any:
    return runyard.pyfunc.load_model(uri).predict(["a"])


def test_a_model_is_found_under_every_address(store: Path) -> None:
    """By its id, its run, its registered name, version, stage, alias and latest, its folder, and as a file address."""
    with runyard.start_run() as run:
        info = runyard.pyfunc.log_model(name="voice", python_model=_shout, registered_model_name="Unicorn", **NONE)
    client = runyard.MlflowClient()
    assert info.registered_model_version == 1
    with pytest.warns(FutureWarning, match="stages"):
        client.transition_model_version_stage("Unicorn", "1", "Production")
    client.set_registered_model_alias("Unicorn", "champion", "1")
    folder = runyard.artifacts.download_artifacts(info.model_uri)
    for uri in (
        info.model_uri,
        f"models:/{info.model_id}",
        f"runs:/{run.info.run_id}/voice",
        "models:/Unicorn/1",
        "models:/Unicorn/Production",
        "models:/Unicorn/latest",
        "models:/Unicorn@champion",
        folder,
        Path(folder).as_uri(),
    ):
        assert _answers(uri) == ["A"], uri


def test_a_model_is_found_on_a_server_by_each_of_its_addresses(server: RunningServer, store: Path) -> None:
    """The files come through the server, by http and by mlflow-artifacts too."""
    runyard.set_tracking_uri(server.url)
    with runyard.start_run() as run:
        info = runyard.pyfunc.log_model(artifact_path="voice", python_model=_shout, **NONE)
    location = str(runyard.get_logged_model(str(info.model_id)).artifact_location)
    assert location.startswith("mlflow-artifacts:/")
    through = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{location.removeprefix('mlflow-artifacts:/')}"
    for uri in (info.model_uri, f"runs:/{run.info.run_id}/voice", location, through):
        assert _answers(uri) == ["A"], uri


@pytest.mark.parametrize("named", [{"name": "voice"}, {"artifact_path": "voice"}])
def test_logging_makes_a_logged_model_of_the_run(named: dict[str, Any], store: Path) -> None:
    """Both spellings of the name do; the model is ready, has its params and tags, and is an output of the run."""
    with runyard.start_run() as run:
        info = runyard.pyfunc.log_model(
            python_model=_shout, params={"size": 3}, tags={"kind": "loud"}, model_type="agent", step=7, **named, **NONE
        )
    logged = runyard.get_logged_model(str(info.model_id))
    assert (logged.name, str(logged.status), logged.source_run_id) == ("voice", "READY", run.info.run_id)
    assert (logged.params, logged.tags["kind"], logged.model_type) == ({"size": "3"}, "loud", "agent")
    outputs = runyard.get_run(run.info.run_id).outputs
    assert outputs
    [output] = outputs.model_outputs
    assert (output.model_id, output.step) == (info.model_id, 7)


def test_a_model_that_cannot_be_saved_is_marked_as_failed(store: Path) -> None:
    """The error is the flavor's own, and nothing is registered."""

    class Locked(PythonModel):
        def __init__(self) -> None:
            import threading  # noqa: PLC0415

            self.lock = threading.Lock()

        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input

    with runyard.start_run(), pytest.raises(InvalidParameter, match="cannot be pickled"):
        runyard.pyfunc.log_model(name="locked", python_model=Locked(), registered_model_name="Locked", **NONE)
    models: Any = runyard.search_logged_models(output_format="list")
    assert [str(model.status) for model in models] == ["FAILED"]
    assert runyard.search_registered_models() == []


def test_a_description_tells_all_about_a_model(store: Path) -> None:
    """Its flavors, signature, run, example and metadata, without fetching the model itself."""
    signature = infer_signature(["a"], ["A"], params={"loud": True})
    with runyard.start_run() as run:
        logged = runyard.pyfunc.log_model(
            name="voice", python_model=_shout, signature=signature, metadata={"team": "blue"}, **NONE
        )
    info = get_model_info(logged.model_uri)
    assert (info.run_id, info.model_id, info.name) == (run.info.run_id, logged.model_id, "voice")
    assert info.signature == signature
    assert info.metadata == {"team": "blue"}
    assert set(info.flavors) == {"python_function"}


def test_a_signature_is_written_into_a_model_that_has_none(store: Path) -> None:
    """It is enforced from then on; registered versions and other things than signatures are refused."""
    with runyard.start_run():
        info = runyard.pyfunc.log_model(
            name="plain", python_model=lambda model_input: len(model_input), registered_model_name="Plain", **NONE
        )
    signature = infer_signature({"a": [1.5]}, [1])
    set_signature(info.model_uri, signature)
    assert get_model_info(info.model_uri).signature == signature
    with pytest.raises(RunyardException, match="a"):
        runyard.pyfunc.load_model(info.model_uri).predict({"b": [1]})
    with pytest.raises(InvalidParameter, match="registered version"):
        set_signature("models:/Plain/1", signature)
    wrong: Any = {"inputs": []}
    with pytest.raises(InvalidParameter, match="ModelSignature"):
        set_signature(info.model_uri, wrong)


def test_files_of_a_model_are_named_as_mlflow_names_them(store: Path) -> None:
    """The description, three files of the environment, the example and the pickle."""
    runyard.pyfunc.save_model("model", python_model=_shout, input_example=["a"], pip_requirements=["numpy"])
    assert {path.name for path in Path("model").iterdir()} >= {
        "MLmodel",
        "conda.yaml",
        "python_env.yaml",
        "requirements.txt",
        "python_model.pkl",
        "input_example.json",
        "serving_input_example.json",
    }
    described = yaml.safe_load(Path("model/MLmodel").read_text(encoding="utf-8"))
    assert described["flavors"]["python_function"]["loader_module"] == "mlflow.pyfunc.model"
    assert json.loads(Path("model/serving_input_example.json").read_text(encoding="utf-8")) == {"inputs": ["a"]}
    assert f"numpy=={np.__version__}" in Path("model/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert Model.load("model").to_dict() == described


def test_requirements_are_what_the_model_imports(store: Path) -> None:
    """They are found in a process of its own, pinned, and extended on request; Runyard is none of them."""

    Path("more.txt").write_text("six\n", encoding="utf-8")
    Path("reader.py").write_text(
        "from mlflow.models import set_model\nimport msgspec\n"
        "def decoded(model_input):\n    return [msgspec.json.decode(text) for text in model_input]\n"
        "set_model(decoded)\n",
        encoding="utf-8",
    )
    extra = ["tabulate>=0.9", "-r more.txt"]
    runyard.pyfunc.save_model("model", python_model="reader.py", input_example=["[1]"], extra_pip_requirements=extra)
    lines = Path("model/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("msgspec==") for line in lines)
    assert {"tabulate>=0.9", f"six=={version('six')}"} <= set(lines)
    assert not any(line.startswith("runyard") for line in lines)
    conda = yaml.safe_load(Path("model/conda.yaml").read_text(encoding="utf-8"))
    assert {"pip": lines} in conda["dependencies"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "two kinds of requirements": ({"pip_requirements": [], "extra_pip_requirements": ["a"]}, "pip_requirements"),
    "a list that is none": ({"pip_requirements": 3}, "list of strings"),
    "code that is not there": ({"code_paths": ["nowhere.py"]}, "nowhere.py"),
    "code as text": ({"code_paths": "nowhere.py"}, "list of paths"),
    "a signature of another kind": ({"signature": {"inputs": []}}, "ModelSignature"),
    "no model": ({"python_model": None}, "Give a loader_module, or a python_model"),
    "a class": ({"python_model": PythonModel}, "not a class"),
    "a number": ({"python_model": 3}, "not int"),
    "an artifact that is not there": ({"artifacts": {"a": "nowhere.txt"}}, "nowhere.txt"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_saved_is_refused_and_leaves_no_half_model(name: str, store: Path) -> None:
    """The message names the value, and the folder can be used for the next try."""
    arguments, says = BAD[name]
    with pytest.raises(RunyardException) as refused:
        runyard.pyfunc.save_model("model", **({"python_model": _Echo(), **NONE} | arguments))
    assert says in refused.value.message
    runyard.pyfunc.save_model("model", python_model=_shout, **NONE)
    with pytest.raises(InvalidParameter, match="not empty"):
        runyard.pyfunc.save_model("model", python_model=_shout, **NONE)


class _Echo(PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """The input."""
        return model_input


def test_what_is_not_a_model_is_told_in_words(store: Path) -> None:
    """A missing folder, a folder without a description, one that is broken, and a flavor that is not there."""
    with pytest.raises(DoesNotExist, match="nowhere"):
        runyard.pyfunc.load_model("nowhere")
    Path("empty").mkdir()
    with pytest.raises(RunyardException, match="MLmodel"):
        runyard.pyfunc.load_model("empty")
    Path("broken").mkdir()
    Path("broken/MLmodel").write_text("flavors: [", encoding="utf-8")
    with pytest.raises(RunyardException, match="MLmodel"):
        runyard.pyfunc.load_model("broken")
    runyard.pyfunc.save_model("voice", python_model=_shout, **NONE)
    with pytest.raises(InvalidParameter, match="no flavor 'sklearn'; it has python_function"):
        runyard.sklearn.load_model("voice")


@pytest.mark.parametrize("place", ["../secret.pkl", "/etc/passwd"])
def test_a_description_cannot_name_files_outside_of_the_model(place: str, store: Path) -> None:
    """A model somebody sent is read in its own folder only."""
    runyard.pyfunc.save_model("model", python_model=_shout, **NONE)
    path = Path("model/MLmodel")
    described = yaml.safe_load(path.read_text(encoding="utf-8"))
    described["flavors"]["python_function"]["python_model"] = place
    path.write_text(yaml.safe_dump(described), encoding="utf-8")
    with pytest.raises(InvalidParameter, match="not in its folder"):
        runyard.pyfunc.load_model("model")


def test_every_name_of_the_public_modules_leads_somewhere() -> None:
    """A name in a table whose module is gone would only be noticed on use."""
    from runyard.models import model, signature  # noqa: PLC0415

    evaluation = importlib.import_module("runyard.models.evaluation")

    for module in (runyard.models, evaluation, runyard.pyfunc, runyard.sklearn, runyard.metrics):
        for name in module.__all__:
            assert getattr(module, name) is not None, f"{module.__name__}.{name}"
    assert signature.set_signature is set_signature
    assert model.get_model_info is get_model_info


def test_a_request_is_tried_on_a_model(store: Path) -> None:
    """The example's request works; one that does not fit is refused."""
    example = pd.DataFrame({"a": [1.5]})
    runyard.pyfunc.save_model("model", python_model=_Echo(), input_example=example, **NONE)
    request = runyard.models.convert_input_example_to_serving_input(example)
    assert request is not None
    assert list(runyard.models.validate_serving_input("model", request)["a"]) == [1.5]
    with pytest.raises(RunyardException, match="a"):
        runyard.models.validate_serving_input("model", {"dataframe_records": [{"b": 1}]})


def test_requirements_can_be_inferred_again(store: Path, forked_inference: None) -> None:
    """For a model that is there already; a fallback stands in for one that cannot be loaded."""
    runyard.pyfunc.save_model("model", python_model=_shout, **NONE)
    assert isinstance(runyard.models.infer_pip_requirements("model", "python_function"), list)
    Path("model/python_model.pkl").write_bytes(b"broken")
    assert runyard.models.infer_pip_requirements("model", "python_function", ["six"]) == ["six"]
    with pytest.raises(InvalidParameter, match="'mleap'"):
        runyard.models.infer_pip_requirements("model", "mleap")
