"""What flavors of other packages are built of: the same names as MLflow's, and what they do."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import runyard
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.mlflow import error_codes, model_examples
from runyard.mlflow.utils import docstring_utils, environment, model_utils, requirements_utils
from runyard.models import Model, infer_pip_requirements
from runyard.pyfunc import saving
from runyard.version import VERSION
from tests.mlflow.conftest import Finished

FLAVOR = '''
"""A flavor as other packages write them: models that add a number to a column."""
import json, os
import mlflow, yaml
from mlflow import pyfunc
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelInputExample, ModelSignature, infer_pip_requirements
from mlflow.models.model import MLMODEL_FILE_NAME
from mlflow.models.signature import _infer_signature_from_input_example
from mlflow.models.utils import _save_example
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.tracking._model_registry import DEFAULT_AWAIT_MAX_SLEEP_SECONDS
from mlflow.tracking.artifact_utils import _download_artifact_from_uri
from mlflow.utils.docstring_utils import LOG_MODEL_PARAM_DOCS, format_docstring
from mlflow.utils.environment import (
    _CONDA_ENV_FILE_NAME, _CONSTRAINTS_FILE_NAME, _PYTHON_ENV_FILE_NAME, _REQUIREMENTS_FILE_NAME, _mlflow_conda_env,
    _process_conda_env, _process_pip_requirements, _PythonEnv, _validate_env_arguments,
)
from mlflow.utils.file_utils import write_to
from mlflow.utils.model_utils import (
    _add_code_from_conf_to_system_path, _get_flavor_configuration, _validate_and_copy_code_paths,
    _validate_and_prepare_target_save_path,
)
from mlflow.utils.requirements_utils import _get_pinned_requirement

import adding

class Adder:
    def __init__(self, number): self.number = number
    def predict(self, frame, params=None):
        import shift
        return (frame["x"] + self.number + shift.BY + (params or {}).get("more", 0)).tolist()

def get_default_pip_requirements(): return [_get_pinned_requirement("pandas")]

@format_docstring(LOG_MODEL_PARAM_DOCS.format(package_name="adding"))
def save_model(model, path, conda_env=None, code_paths=None, mlflow_model=None, signature=None, input_example=None,
               pip_requirements=None, extra_pip_requirements=None):
    """Save.

    Args:
        signature: {{ signature }}
    """
    _validate_env_arguments(conda_env, pip_requirements, extra_pip_requirements)
    if not isinstance(model, Adder):
        raise MlflowException(f"{model!r} adds nothing", error_code=INVALID_PARAMETER_VALUE)
    _validate_and_prepare_target_save_path(path)
    code = _validate_and_copy_code_paths(code_paths, path)
    mlflow_model = mlflow_model or Model()
    example = _save_example(mlflow_model, input_example, path)
    mlflow_model.signature = signature or _infer_signature_from_input_example(example, model)
    write_to(os.path.join(path, "number.json"), json.dumps(model.number))
    pyfunc.add_to_model(mlflow_model, loader_module="adding", conda_env=_CONDA_ENV_FILE_NAME,
                        python_env=_PYTHON_ENV_FILE_NAME, code=code)
    mlflow_model.add_flavor("adding", number="number.json", code=code)
    mlflow_model.save(os.path.join(path, MLMODEL_FILE_NAME))
    if conda_env is None:
        default = get_default_pip_requirements() if pip_requirements is None else None
        if default:
            default = sorted({*default, *infer_pip_requirements(path, "adding", fallback=default)})
        found = _process_pip_requirements(default, pip_requirements, extra_pip_requirements)
    else:
        found = _process_conda_env(conda_env)
    with open(os.path.join(path, _CONDA_ENV_FILE_NAME), "w") as file:
        yaml.safe_dump(found[0], stream=file, default_flow_style=False)
    if found[2]:
        write_to(os.path.join(path, _CONSTRAINTS_FILE_NAME), "\\n".join(found[2]))
    write_to(os.path.join(path, _REQUIREMENTS_FILE_NAME), "\\n".join(found[1]))
    _PythonEnv.current().to_yaml(os.path.join(path, _PYTHON_ENV_FILE_NAME))

def log_model(model, artifact_path, registered_model_name=None, **kwargs):
    return Model.log(artifact_path=artifact_path, flavor=adding, registered_model_name=registered_model_name,
                     await_registration_for=DEFAULT_AWAIT_MAX_SLEEP_SECONDS, model=model, **kwargs)

def _read(path):
    settings = _get_flavor_configuration(model_path=path, flavor_name="adding")
    _add_code_from_conf_to_system_path(path, settings)
    return Adder(json.loads(open(os.path.join(path, settings["number"])).read()))

def load_model(model_uri, dst_path=None):
    return _read(_download_artifact_from_uri(artifact_uri=model_uri, output_path=dst_path))

def _load_pyfunc(path): return _read(path)
'''

PROGRAM = """
import json, pandas as pd
import mlflow, adding
frame = pd.DataFrame({"x": [1.0, 2.0]})
with mlflow.start_run():
    info = adding.log_model(adding.Adder(10), "adder", "adder", input_example=frame, code_paths=["shift.py"],
                            extra_pip_requirements=["packaging", "-c limits.txt"])
print(json.dumps({
    "native": adding.load_model("models:/adder/1").predict(frame),
    "pyfunc": mlflow.pyfunc.load_model(info.model_uri).predict(frame),
    "inputs": info.signature.inputs.input_names(),
    "folder": mlflow.artifacts.download_artifacts("models:/adder/1"),
    "doc": adding.save_model.__doc__,
}))
"""


@pytest.fixture
def adding(tmp_path: Path) -> Path:
    """A folder with a flavor of another package, and a module that its models need."""
    (tmp_path / "adding.py").write_text(FLAVOR)
    (tmp_path / "shift.py").write_text("BY = 100\n")
    (tmp_path / "limits.txt").write_text("pandas<100\n")
    return tmp_path


def test_a_flavor_of_another_package_works(python: Callable[..., Finished], adding: Path) -> None:
    """sktime, mlforecast and darts have one of this build: saved, logged, registered, loaded both ways."""
    (adding / "train.py").write_text(PROGRAM)

    done = python("-m", "runyard.alias", "train.py")

    assert 0 == done.returncode, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert ([111.0, 112.0], [111.0, 112.0], ["x"]) == (found["native"], found["pyfunc"], found["inputs"])
    assert "inputs and outputs" in found["doc"]
    folder = Path(found["folder"])
    requirements = (folder / "requirements.txt").read_text().splitlines()
    assert f"mlflow=={VERSION}" == requirements[0]
    assert {"pandas", "PyYAML", "packaging", "-c constraints.txt"} <= {line.partition("==")[0] for line in requirements}
    assert "pandas<100" == (folder / "constraints.txt").read_text()
    described = yaml.safe_load((folder / "MLmodel").read_text())
    assert {"conda": "conda.yaml", "virtualenv": "python_env.yaml"} == described["flavors"]["python_function"]["env"]


def test_runyard_reads_such_a_model_where_mlflow_is_not_there(python: Callable[..., Finished], adding: Path) -> None:
    """The flavor says `import mlflow`, and the program that scores need not know."""
    (adding / "save.py").write_text(
        "import adding; adding.save_model(adding.Adder(1), 'saved', code_paths=['shift.py'], pip_requirements=[])"
    )
    assert 0 == python("-m", "runyard.alias", "save.py").returncode

    code = "import pandas, runyard; print(runyard.pyfunc.load_model('saved').predict(pandas.DataFrame({'x': [1]})))"
    done = python("-c", code)

    assert "[102]\n" == done.stdout, done.stderr


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model's folder."""
    model = saving.add_to_model(Model(), "json", data="d", conda_env="c.yaml", python_env="p.yaml", model_path="m")
    folder = tmp_path / "saved"
    folder.mkdir()
    model.add_flavor("other", code="code", size=3)
    model.save(str(folder / "MLmodel"))
    return folder


def test_settings_of_flavors_are_found(saved: Path) -> None:
    """By folder, by file and by address; one that is missing is told with those that are there."""
    assert {"code": "code", "size": 3} == model_utils._get_flavor_configuration(str(saved), "other")
    assert 3 == model_utils._get_flavor_configuration_from_uri(saved.as_uri(), "other")["size"]
    file = str(saved / "MLmodel")
    assert 3 == model_utils._get_flavor_configuration_from_ml_model_file(file, "other")["size"]
    flavors = model_utils._get_all_flavor_configurations(str(saved))
    assert {"conda": "c.yaml", "virtualenv": "p.yaml"} == flavors["python_function"]["env"]
    assert "m" == flavors["python_function"]["model_path"]
    for find in (model_utils._get_flavor_configuration, model_utils._get_flavor_configuration_from_uri):
        with pytest.raises(InvalidParameter, match="no flavor 'third'; it has other, python_function"):
            find(str(saved), "third")


def test_requirements_are_inferred_for_flavors_of_others(saved: Path) -> None:
    """The model has to have the flavor, since no table knows it."""
    assert ["a==1"] == infer_pip_requirements(str(saved), "other", fallback=["a==1"])
    with pytest.raises(InvalidParameter, match="no flavor 'third'"):
        infer_pip_requirements(str(saved), "third")


def test_folders_are_prepared_and_code_is_copied(tmp_path: Path) -> None:
    """What is there is not overwritten; a path that leads out of the model's folder is refused."""
    folder, module = tmp_path / "model", tmp_path / "mine.py"
    module.write_text("")
    model_utils._validate_and_prepare_target_save_path(str(folder))
    assert "lib" == model_utils._validate_and_copy_code_paths([str(module)], str(folder), "lib")
    assert (folder / "lib" / "mine.py").exists()
    assert model_utils._validate_and_copy_code_paths(None, str(folder)) is None
    with pytest.raises(InvalidParameter, match="already exists"):
        model_utils._validate_and_prepare_target_save_path(str(folder))
    with pytest.raises(InvalidParameter, match="'data' names 'nowhere'"):
        model_utils._validate_path_exists("nowhere", "data")
    with pytest.raises(InvalidParameter, match="not in its folder"):
        model_utils._add_code_from_conf_to_system_path(str(folder), {"code": "../elsewhere"})


@pytest.fixture
def path_of_imports() -> Iterator[list[str]]:
    """`sys.path`, as it was after the test."""
    before = list(sys.path)
    yield sys.path
    sys.path[:] = before


def test_saved_code_is_importable_once(tmp_path: Path, path_of_imports: list[str]) -> None:
    """Loading a model twice does not lengthen the path."""
    (tmp_path / "code").mkdir()
    for _ in range(2):
        model_utils._add_code_from_conf_to_system_path(str(tmp_path), {"code": "code"})
        model_utils._add_code_from_conf_to_system_path(str(tmp_path), {"code": None})

    assert 1 == path_of_imports.count(str(tmp_path / "code"))


def test_environments_are_described(tmp_path: Path) -> None:
    """For pip and for conda, with what loads the model unless that is left out."""
    made = environment._mlflow_conda_env(None, ["openjdk"], ["a==1"], ["other"])
    assert made is not None
    assert ["conda-forge", "other"] == made["channels"]
    assert "openjdk" == made["dependencies"][1]
    assert {"pip": [f"mlflow=={VERSION}", "a==1"]} == made["dependencies"][-1]
    bare = environment._mlflow_conda_env(install_mlflow=False)
    assert bare is not None
    assert 1 == len(bare["dependencies"])
    file = tmp_path / "conda.yaml"
    assert environment._mlflow_conda_env(str(file), additional_pip_deps=["a==1"]) is None
    assert ["a==1"] == environment._get_pip_deps(yaml.safe_load(file.read_text()))[1:]

    given = environment._process_conda_env({"dependencies": ["python=3.11", {"pip": ["b==2"]}]})
    assert ([f"mlflow=={VERSION}", "b==2"], []) == given[1:]
    assert [f"mlflow=={VERSION}", "x==1"] == environment._process_pip_requirements(["a==1"], ["x==1"])[1]
    assert [f"mlflow=={VERSION}", "a==2"] == environment._process_pip_requirements(["a==1"], None, ["a==2"])[1]
    with pytest.raises(InvalidParameter, match="Only one of"):
        environment._validate_env_arguments({"dependencies": []}, ["a"], None)
    with pytest.raises(InvalidParameter, match="Only one of"):
        environment._process_pip_requirements([], ["a"], ["b"])


def test_an_environment_of_python_is_written_and_read(tmp_path: Path) -> None:
    """Its file is the one that tools make environments from."""
    file, by_conda = tmp_path / "python_env.yaml", tmp_path / "conda.yaml"
    environment._PythonEnv("3.11.1", ["pip==24"], ["a==1"]).to_yaml(str(file))
    read = environment._PythonEnv.from_yaml(str(file))
    assert {"python": "3.11.1", "build_dependencies": ["pip==24"], "dependencies": ["a==1"]} == read.to_dict()
    assert ["-r requirements.txt"] == environment._PythonEnv.current().dependencies
    by_conda.write_text("dependencies: [python=3.10.2, setuptools=70, numpy=2, {pip: [a==1]}]")
    read = environment._PythonEnv.from_conda_yaml(str(by_conda))
    assert ("3.10.2", ["setuptools==70.*"]) == (read.python, read.build_dependencies)
    assert ["numpy==2.*", "a==1"] == read.dependencies
    by_conda.write_text("dependencies: [numpy]")
    with pytest.raises(InvalidParameter, match="names no version of Python"):
        environment._PythonEnv.from_conda_yaml(str(by_conda))
    with pytest.raises(InvalidParameter, match="'dependencies' is a list"):
        environment._PythonEnv(dependencies="a")


def test_packages_are_pinned() -> None:
    """To the version that is installed, which must be one."""
    assert f"pandas=={pd.__version__}" == requirements_utils._get_pinned_requirement("pandas")
    assert "a==2" == requirements_utils._get_pinned_requirement("a", version="2")
    assert f"frames=={pd.__version__}" == requirements_utils._get_pinned_requirement("frames", module="pandas")
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        requirements_utils._get_pinned_requirement("no_such_package")
    assert "2.0" == requirements_utils._strip_local_version_label("2.0+cpu")


def test_examples_are_saved_and_read(tmp_path: Path) -> None:
    """With parameters beside them."""
    model = Model()
    assert model_examples._save_example(model, None, str(tmp_path)) is None
    assert model_examples._read_example(model, str(tmp_path)) is None

    example = model_examples._save_example(model, (pd.DataFrame({"x": [1, 2]}), {"more": 5}), str(tmp_path))

    assert example is not None
    assert ([1, 2], {"more": 5}) == (list(example.inference_data["x"]), example.inference_params)
    assert [1, 2] == list(model_examples._read_example(model, str(tmp_path))["x"])
    assert {"more": 5} == model_examples._read_example_params(model, str(tmp_path))
    assert model_examples._infer_signature_from_input_example(None, None) is None


def test_error_codes_have_names() -> None:
    """Other packages raise our errors with them."""
    error = RunyardException("no", error_code=error_codes.INVALID_PARAMETER_VALUE)
    assert ("INVALID_PARAMETER_VALUE", 400) == (error.error_code, error.get_http_status_code())
    assert "NOT_FOUND" == error_codes.ErrorCode.Name(error_codes.ErrorCode.Value("NOT_FOUND"))
    with pytest.raises(ValueError, match="no error code 'ErrorCode'"):
        error_codes.ErrorCode.Value("ErrorCode")


def test_docstrings_are_filled_in() -> None:
    """Lines of the words stand below the first; what has none stays."""
    words = docstring_utils.ParamDocs({"a": "one {{ b }}\n  two", "c": "three"}).format(b="2")

    @docstring_utils.format_docstring(words)
    @docstring_utils.docstring_version_compatibility_warning("x")
    def documented() -> None:
        """Do.

        Args:
            a: {{ a }}
            d: {{ d }}
        """

    assert "Do.\n\nArgs:\n    a: one 2\n        two\n    d: {{ d }}" == documented.__doc__


@pytest.mark.usefixtures("installed")
def test_the_names_of_the_kit_are_there() -> None:
    """What sktime, mlforecast, darts and zenml import, besides what the tests above use."""
    for name in (
        "mlflow.models.ModelInputExample",
        "mlflow.models.model.ModelSignature",
        "mlflow.models.model.update_model_requirements",
        "mlflow.pyfunc.backend.PyFuncBackend",
        "mlflow.store.db.db_types.DATABASE_ENGINES",
        "mlflow.utils._get_fully_qualified_class_name",
        "mlflow.utils.autologging_utils.autologging_integration",
        "mlflow.utils.autologging_utils.client.MlflowAutologgingQueueingClient",
        "mlflow.utils.autologging_utils.safety.safe_patch",
        "mlflow.utils.docstring_utils.LOG_MODEL_PARAM_DOCS",
        "mlflow.utils.environment.infer_pip_requirements",
    ):
        module, _, last = name.rpartition(".")
        found: Any = getattr(importlib.import_module(module), last)
        assert found is not None, name
    assert "runyard.models.model.Model" == importlib.import_module("mlflow.utils")._get_fully_qualified_class_name(
        runyard.models.Model()
    )
