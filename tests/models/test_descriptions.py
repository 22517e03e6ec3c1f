"""What only describes a model never keeps it from being stored."""

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import runyard
from runyard.exceptions import InvalidParameter
from runyard.models import infer_signature
from runyard.pyfunc.model import PythonModel

pytestmark = pytest.mark.slow

NONE: dict[str, Any] = {"pip_requirements": []}
ROWS = pd.DataFrame({"a": [1.0, 2.0]})


class Failing(PythonModel):
    """Cannot predict."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """Fail."""
        raise ValueError("no such number")


def test_an_unfitted_model_with_an_example_is_stored(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Pipelines are logged before they are trained; the warning says why there is no signature."""
    with runyard.start_run():
        info = runyard.sklearn.log_model(LinearRegression(), name="line", input_example=ROWS, **NONE)
    runyard.sklearn.save_model(LinearRegression(), "model", input_example=ROWS, **NONE)
    assert isinstance(runyard.sklearn.load_model(info.model_uri), LinearRegression)
    assert info.signature is None
    assert "without a signature" in caplog.text
    assert "NotFittedError" in caplog.text
    assert Path("model/input_example.json").exists()


def test_a_python_model_that_fails_is_stored(
    store: Path, caplog: pytest.LogCaptureFixture, forked_inference: None
) -> None:
    """Its requirements are found out as far as it goes; each warning names the true cause."""
    with runyard.start_run():
        info = runyard.pyfunc.log_model(name="failing", python_model=Failing(), input_example=ROWS)
    with pytest.raises(ValueError, match="no such number"):
        runyard.pyfunc.load_model(info.model_uri).predict(ROWS)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told
    assert all("ValueError: no such number" in line for line in told)


def test_metadata_is_written_whatever_it_holds(store: Path) -> None:
    """Scores of scikit-learn are numbers of numpy, and come back as numbers."""
    given = {"score": np.float64(0.93), "losses": np.array([1, 2]), "data": Path("train.csv"), "by": object}
    with runyard.start_run():
        info = runyard.pyfunc.log_model(name="failing", python_model=Failing(), metadata=given, **NONE)
    found = runyard.models.get_model_info(info.model_uri).metadata
    assert found == {"score": 0.93, "losses": [1, 2], "data": "train.csv", "by": str(object)}
    assert '"score": 0.93' in runyard.models.Model.load(info.model_uri).to_json()


def test_the_params_of_an_example_can_be_read(store: Path) -> None:
    """MLflow's descriptions have a method for them, beside the one for the input."""
    runyard.pyfunc.save_model("with", python_model=len, input_example=({"a": [1]}, {"factor": 2}), pip_requirements=[])
    runyard.pyfunc.save_model("without", python_model=len, pip_requirements=[])

    assert {"factor": 2} == runyard.models.Model.load("with").load_input_example_params("with")
    assert runyard.models.Model.load("without").load_input_example_params("without") is None


def test_an_example_that_cannot_be_written_is_left_out(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """JSON does not hold every object."""
    example = pd.DataFrame({"a": [object()]})
    runyard.pyfunc.save_model("model", python_model=Failing(), input_example=example, **NONE)
    assert "without its input example" in caplog.text
    assert runyard.models.get_model_info("model").saved_input_example_info is None


def test_an_example_that_its_signature_refuses_is_told_as_such(
    store: Path, caplog: pytest.LogCaptureFixture, forked_inference: None
) -> None:
    """The cause is what somebody can mend: it is not buried under the search for requirements."""
    signature = infer_signature(pd.DataFrame({"b": [1.0]}))
    runyard.pyfunc.save_model("model", python_model=len, input_example=ROWS, signature=signature)
    (told,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "'b'" in told
    assert "Traceback" not in told


def test_a_model_that_takes_long_to_look_at_is_stored(
    store: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The process that finds requirements has a limit of its own, prints nothing, and leaves no process behind."""
    monkeypatch.setenv("RUNYARD_REQUIREMENTS_INFERENCE_TIMEOUT", "3")
    Path("slow.py").write_text(
        "import runyard, subprocess, sys\n"
        "def slow(rows):\n"
        "    if 'runyard.pyfunc.imports' in sys.orig_argv:\n"
        "        print('noise'); subprocess.run(['sleep', '1000'])\n"
        "    return rows\n"
        "runyard.models.set_model(slow)\n"
    )
    runyard.pyfunc.save_model("model", python_model="slow.py", input_example=ROWS)
    assert "more than 3 seconds (RUNYARD_REQUIREMENTS_INFERENCE_TIMEOUT)" in caplog.text
    assert sys.executable not in caplog.text
    assert Path("model/requirements.txt").exists()


@pytest.mark.parametrize("own", [{}, {"predict": 3}, {"predict_stream": len}])
def test_a_python_model_without_predict_is_refused_when_it_is_saved(own: dict[str, Any], store: Path) -> None:
    """It would be found out where it is served."""
    lacking = type("Lacking", (PythonModel,), own)
    with pytest.raises(InvalidParameter, match="Lacking has no method predict of its own"):
        runyard.pyfunc.save_model("model", python_model=lacking(), **NONE)
    Path("script.py").write_text(
        "import runyard\nclass Lacking(runyard.pyfunc.PythonModel):\n    pass\nrunyard.models.set_model(Lacking())\n"
    )
    with pytest.raises(InvalidParameter, match="Lacking has no method predict of its own"):
        runyard.pyfunc.save_model("model", python_model="script.py", **NONE)


def test_packages_that_libraries_only_look_for_are_not_requirements(store: Path) -> None:
    """dask and its like are installed beside scikit-learn, which tries to import them; the model does not need them."""
    runyard.sklearn.save_model(LinearRegression().fit(ROWS, [1, 2]), "model", input_example=ROWS)
    lines = Path("model/requirements.txt").read_text().splitlines()
    names = {line.partition("==")[0].lower() for line in lines}
    assert names <= {"mlflow", "scikit-learn", "numpy", "pandas", "scipy", "skops", "cloudpickle"}
    Path("lazy.py").write_text(
        "import runyard\ntry:\n    import msgspec\nexcept ImportError:\n    msgspec = None\n"
        "def found(rows):\n    import numpy\n    from dask.utils import funcname\n"
        "    return numpy.asarray(rows).tolist()\n"
        "runyard.models.set_model(found)\n"
    )
    runyard.pyfunc.save_model("lazy", python_model="lazy.py", input_example=ROWS)
    lines = Path("lazy/requirements.txt").read_text().splitlines()
    assert {line.partition("==")[0] for line in lines} == {"mlflow", "dask", "msgspec", "numpy"}
