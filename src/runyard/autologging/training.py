"""A training that is being logged. What a flavor logs of its library's trainings goes through here."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from runyard.autologging.datasets import dataset_of, note_dataset
from runyard.autologging.integrations import get_autologging_config
from runyard.autologging.managed_run import must_leave_run_alone, run_for
from runyard.autologging.reports import attempt, own_warnings_hidden, warn
from runyard.autologging.texts import as_texts
from runyard.client import RunyardClient
from runyard.core.clock import now_ms
from runyard.fluent.logged_models import initialize_logged_model
from runyard.fluent.stack import ActiveRun
from runyard.models.signature import infer_signature
from runyard.tracking.logged_models.entities import LoggedModelStatus
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param

if TYPE_CHECKING:
    from runyard.data.dataset import Dataset

_MAX_RUNS = 1000


@contextmanager
def training_run(integration: str, tags: Mapping[str, str] | None = None) -> Iterator["TrainingRun | None"]:
    """The run that a training logs to: the active one, or one that ends with the block, FAILED if the training fails.

    None when ``exclusive`` rules out the active run.

    Parameters
    ----------
    integration: The library's name.
    tags: Tags to set.
    """
    if must_leave_run_alone(integration):
        yield None
        return
    with run_for(integration, tags or {}) as run:
        training = TrainingRun(integration, run)
        try:
            yield training
        except GeneratorExit:
            raise
        except BaseException:
            training.fail_model()
            raise


class TrainingRun:
    """A training and its run. What fails here is reported and never reaches the training.

    Parameters
    ----------
    integration: The library's name.
    run: Where to log.
    """

    def __init__(self, integration: str, run: ActiveRun) -> None:
        self.integration, self.run = integration, run
        self.params: dict[str, str] = {}
        self.dataset: Dataset | None = None
        self.model_id: str | None = None
        self._is_pending = False

    @property
    def run_id(self) -> str:
        """Of the run."""
        return self.run.info.run_id

    @property
    def client(self) -> RunyardClient:
        """Of the run's store."""
        return self.run.client

    def option(self, name: str, default: Any = None) -> Any:
        """What `autolog` was told."""
        return get_autologging_config(self.integration, name, default)

    def attempt(self, doing: str) -> AbstractContextManager[None]:
        """One step of logging. If it fails that is reported, and the steps after it are done all the same."""
        return attempt(self.integration, doing)

    def log_params(self, values: Mapping[str, Any]) -> None:
        """Log settings of this training. One that another training of the run set differently stays: params do."""
        with self.attempt("the parameters"):
            self._log_params(as_texts(values))

    def _log_params(self, params: Mapping[str, str]) -> None:
        self.params.update(params)
        known = _params_of(self.run_id)
        new = {key: value for key, value in params.items() if key not in known}
        changed = sorted(key for key, value in params.items() if known.get(key, value) != value)
        if changed:
            warn(
                self.integration,
                "Run %s keeps the params of its first training: %s differ now. Those of each training are with its "
                "model.",
                self.run_id,
                ", ".join(changed),
            )
        known.update(new)
        self.client.log_batch(self.run_id, params=[Param(key, value) for key, value in new.items()], synchronous=False)

    def log_metrics(self, values: Mapping[str, float], step: int = 0, model_id: str | None = None) -> None:
        """Log numbers without waiting for the store.

        Parameters
        ----------
        step: The training step, iteration or epoch.
        model_id: The logged model that they are about, too; the one that was begun when left out.
        """
        if not values:
            return
        model_id = model_id or self.model_id
        with self.attempt("the metrics"):
            name, digest = (self.dataset.name, self.dataset.digest) if self.dataset is not None else (None, None)
            when = now_ms()
            points = [Metric(key, float(value), when, step, model_id, name, digest) for key, value in values.items()]
            self.client.log_batch(self.run_id, metrics=points, synchronous=False)

    def log_dataset(self, features: Any, targets: Any = None, context: str = "train", name: str | None = None) -> None:
        """Note data as an input of the run, where ``log_datasets`` says so. The training data goes with the metrics.

        Parameters
        ----------
        features: A table, an array, a sparse matrix, or a dataset of ours; other data is left out.
        context: What it is used for: ``"train"`` or ``"eval"``.
        name: What to call it; ``dataset`` when left out.
        """
        if not self.option("log_datasets", default=True):
            return
        with self.attempt("the training data" if context == "train" else "the data"):
            dataset = features if hasattr(features, "_to_mlflow_entity") else dataset_of(features, targets, name)
            if dataset is None:
                return
            note_dataset(self.client, self.run_id, dataset, context)
            if context == "train":
                self.dataset = dataset

    def sample(self, take: Callable[[], Any]) -> Any:
        """Rows of the training data, for the model's signature and example; None where neither is wanted.

        Parameters
        ----------
        take: Gives them, or None if there are none.
        """
        sample = None
        if self.option("log_models") and (self.option("log_model_signatures") or self.option("log_input_examples")):
            with self.attempt("the example of the training data"):
                sample = take()
        return sample

    def begin_model(self, name: str = "model") -> None:
        """Create the logged model before the training, so that metrics on the way are the model's too.

        `log_model` fills it; when the training fails, it has failed too. Nothing happens where ``log_models`` says no.
        """
        if not self.option("log_models", default=True):
            return
        with self.attempt(f"the model {name!r}"):
            self.model_id = initialize_logged_model(name).model_id
            self._is_pending = True

    def fail_model(self) -> None:
        """Mark the model that was begun as failed, unless it was logged."""
        if self._is_pending and self.model_id is not None:
            with self.attempt("the end of the model"):
                self.client.finalize_logged_model(self.model_id, LoggedModelStatus.FAILED)

    def log_model(
        self,
        log_model: Callable[..., Any],
        model: Any,
        sample: Any = None,
        predict: Callable[[Any], Any] | None = None,
        name: str = "model",
        params: Mapping[str, Any] | None = None,
        *,
        register: bool = True,
        **options: Any,
    ) -> str | None:
        """Log the trained model as the options of `autolog` say. Its id; None if it is not logged, or if that failed.

        Parameters
        ----------
        log_model: Of the flavor.
        sample: Rows it was trained on, for the signature and the example; None if there are none.
        predict: What the model gives for the sample, for the signature; no signature when left out.
        name: The logged model's name, unless it was begun.
        params: Settings to keep with the model.
        register: Register it too, where `autolog` was told a name for that.
        options: For `log_model`.
        """
        if not self.option("log_models", default=True):
            return None
        signature: Any = None
        info: Any = None
        begun, self._is_pending = (self.model_id if self._is_pending else None), False
        with_signature = (
            sample is not None and predict is not None and self.option("log_model_signatures", default=True)
        )
        with self.attempt("the model's signature"), own_warnings_hidden():
            signature = infer_signature(sample, predict(_copied(sample))) if with_signature and predict else None
        with self.attempt(f"the model {name!r}"), own_warnings_hidden():
            info = log_model(
                model,
                name=name,
                signature=signature,
                input_example=sample if self.option("log_input_examples") else None,
                params=dict(params or {}),
                model_id=begun,
                registered_model_name=self.option("registered_model_name") if register else None,
                **options,
            )
        return None if info is None else str(info.model_id)


def _copied(sample: Any) -> Any:
    return sample.copy() if hasattr(sample, "copy") else sample


_params: OrderedDict[str, dict[str, str]] = OrderedDict()
_lock = threading.Lock()


def _params_of(run_id: str) -> dict[str, str]:
    """The params that trainings logged to a run; only the runs used last are remembered."""
    with _lock:
        params = _params.setdefault(run_id, {})
        _params.move_to_end(run_id)
        while len(_params) > _MAX_RUNS:
            _params.popitem(last=False)
    return params
