"""What `import mlflow` gives while the alias is on, and what asks whether mlflow is there learn."""

import importlib
import importlib.metadata
import importlib.util
import pickle
import sys
from operator import attrgetter
from types import ModuleType

import pytest
from packaging.version import parse

import runyard
from runyard import alias
from runyard.mlflow.reasons import REASONS

pytestmark = pytest.mark.usefixtures("installed")


def imported(name: str) -> ModuleType:
    """A module by a name that type checkers do not know."""
    return importlib.import_module(name)


def test_mlflow_is_runyard_itself() -> None:
    """State must not exist twice, so there is one module object under both names."""
    assert imported("mlflow") is runyard
    assert imported("mlflow.tracking") is runyard.tracking
    assert imported("mlflow.utils.validation") is imported("runyard.utils.validation")
    assert imported("mlflow.entities") is runyard.entities
    assert imported("mlflow.data.pandas_dataset") is imported("runyard.data.pandas_dataset")


def test_every_path_to_the_client_is_one_class() -> None:
    """Libraries check with isinstance, whichever of the four paths they import from."""
    paths = ("mlflow", "mlflow.client", "mlflow.tracking", "mlflow.tracking.client")

    assert {imported(path).MlflowClient for path in paths} == {runyard.MlflowClient}


@pytest.mark.parametrize("name", ["mlflow", "mlflow.tracking", "mlflow.utils", "mlflow.tracking.fluent"])
def test_a_module_keeps_its_own_spec(name: str) -> None:
    """Reloading, pickling and data files go by the spec; the import under another name must not change it."""
    module = imported(name)

    assert module.__spec__ is not None
    assert module.__spec__.name == module.__name__
    assert module.__name__.startswith("runyard")
    assert pickle.loads(pickle.dumps(runyard.entities.Metric("loss", 0.5, 1, 0))) == runyard.entities.Metric(
        "loss", 0.5, 1, 0
    )


def test_modules_can_be_named_in_every_form() -> None:
    """Statements as libraries have them."""
    namespace: dict[str, object] = {}
    exec(
        "import mlflow.entities.run_status\n"
        "import mlflow.utils.mlflow_tags as tags\n"
        "from mlflow import MlflowClient, tracking\n"
        "from mlflow.entities.metric import Metric\n"
        "from mlflow.metrics.base import MetricValue\n"
        "from mlflow.tracking import context\n"
        "from mlflow.tracking.fluent import ActiveRun, _active_run_stack\n"
        "status = mlflow.entities.run_status.RunStatus.to_string(3)\n",
        namespace,
    )

    assert namespace["status"] == "FINISHED"
    assert namespace["Metric"] is runyard.entities.Metric
    assert namespace["ActiveRun"] is runyard.ActiveRun
    assert namespace["MetricValue"] is runyard.metrics.MetricValue


def test_availability_checks_find_it() -> None:
    """Before the import and after it, as a module and as a package of either name."""
    assert importlib.util.find_spec("mlflow") is not None
    assert imported("mlflow") is runyard
    assert importlib.util.find_spec("mlflow") is not None
    for name in ("mlflow", "mlflow-skinny", "mlflow_skinny", "MLflow"):
        assert importlib.metadata.version(name) == "3.17.2"
    assert "mlflow" in importlib.metadata.packages_distributions()
    assert not list(importlib.metadata.distributions(name="mlflow", path=["/nowhere"]))
    assert importlib.metadata.metadata("mlflow")["Name"] == "mlflow"
    assert importlib.metadata.version("pytest") == pytest.__version__


def test_the_version_compares_with_mlflows() -> None:
    """Libraries ask for 2.8 or 3 before they call what is new there."""
    version = parse(imported("mlflow").__version__)

    assert parse("3.17.2") <= version < parse("3.17.3")
    assert version.base_version == imported("mlflow.version").VERSION == "3.17.2"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("import mlflow.paddle", "its flavor is not offered"),
        ("from mlflow import mleap", "its flavor is not offered"),
        ("from mlflow.genai.scorers import scorer", "'mlflow.genai.*': .*GenAI are not offered"),
        ("from mlflow.metrics.genai import faithfulness", "'mlflow.metrics.genai': .*what language models write"),
        ("import mlflow.h2o", "its flavor is not offered"),
        ("from mlflow.store.tracking import rest_store", "Use the client"),
        ("import mlflow.utils.unheard_of", "'mlflow.utils.unheard_of': 'mlflow' is Runyard here"),
        ("from mlflow.protos.service_pb2 import Run", "entities are plain objects"),
        ("from mlflow.metrics import mae, rouge1", "runyard.metrics.rouge1 is not .*language models.* make_metric"),
        ("from mlflow.entities import Trace", "runyard.entities.Trace is not .*GenAI are not offered"),
        ("from mlflow.entities import WebhookEvent", "webhooks come in a later version"),
        ("from mlflow.entities.model_registry import PromptVersion", "GenAI are not offered"),
        ("from mlflow.pyfunc import load_pyfunc", "pyfunc.load_model"),
        ("from mlflow.pyfunc.model import ChatModel", "GenAI are not offered"),
        ("from mlflow.models import Resource", "pip_requirements"),
        ("from mlflow.data.sources import S3ArtifactDatasetSource", "dataset_source_registry"),
        ("from mlflow.exceptions import RESOURCE_DOES_NOT_EXIST", "Write 'RESOURCE_DOES_NOT_EXIST'"),
        ("from mlflow.exceptions import InvalidUrlException", "no 'InvalidUrlException' .*'Moving from MLflow'"),
        ("from mlflow.models.signature import infer_signatur", "Did you mean 'infer_signature'"),
        ("from mlflow.tracking.client import TRACE_REQUEST_ID_PREFIX", "runyard.tracking.client.TRACE.*GenAI"),
        ("from mlflow import log_metrc", "Did you mean 'log_metric'"),
    ],
)
def test_a_missing_part_says_why(statement: str, reason: str) -> None:
    """An ImportError, so that `try: import …` still works, with more than "No module named"."""
    with pytest.raises(ModuleNotFoundError, match=reason):
        exec(statement)


def test_a_missing_attribute_says_why() -> None:
    """`mlflow.h2o.log_model(…)` fails at `mlflow.h2o`."""
    for name in ("h2o", "fastai", "trace", "pyfunc.load_pyfunc", "entities.Webhook", "metrics.bleu"):
        with pytest.raises(AttributeError, match=f"runyard.{name} is not in this version of Runyard: "):
            attrgetter(name)(imported("mlflow"))
    assert not hasattr(imported("mlflow"), "h2o")


def test_a_missing_method_says_why() -> None:
    """The client explains itself too."""
    with pytest.raises(AttributeError, match="'create_webhook': webhooks come in a later version"):
        imported("mlflow").MlflowClient().create_webhook("churn")


def test_everything_that_dir_lists_can_be_had() -> None:
    """dagster takes every attribute of mlflow when it is imported."""
    module = imported("mlflow")

    assert {name for name in dir(module) if not hasattr(module, name)} == set()
    assert not set(dir(module)) & set(REASONS)


def test_uninstall_leaves_nothing_behind() -> None:
    """Afterwards there is no mlflow, and it can be switched on again."""
    imported("mlflow.utils.validation")
    alias.uninstall()
    alias.uninstall()

    assert not [name for name in sys.modules if name.partition(".")[0] == "mlflow"]
    assert importlib.util.find_spec("mlflow") is None
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("mlflow")
    alias.install()
    alias.install()
    assert imported("mlflow") is runyard
