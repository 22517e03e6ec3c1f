"""Watches ``fit``: what goes in is logged before the training, what came out of it after."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.utils import estimator_html_repr

from runyard.autologging.integrations import get_autologging_config
from runyard.autologging.managed_run import must_leave_run_alone, run_for
from runyard.autologging.reports import attempt, own_warnings_hidden, warn
from runyard.autologging.watchers import Call, Watch
from runyard.core.clock import now_ms
from runyard.fluent.stack import ActiveRun
from runyard.sklearn.autologging.arguments import TrainingData, arguments_of, first_rows
from runyard.sklearn.autologging.datasets import dataset_of, note_dataset
from runyard.sklearn.autologging.models import log_trained
from runyard.sklearn.autologging.params import as_texts, best_params_of, is_search, params_of, tags_of
from runyard.sklearn.autologging.plots import draw_plots
from runyard.sklearn.autologging.searches import log_candidates, search_metrics, write_results
from runyard.sklearn.autologging.trained import Training, notes_of, trainings
from runyard.sklearn.autologging.training_metrics import Answers, training_metrics
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param

if TYPE_CHECKING:
    from runyard.data.dataset import Dataset


@dataclass
class _Fit:
    """One training that is being logged."""

    estimator: Any
    data: TrainingData
    run: ActiveRun
    params: dict[str, str]
    sample: Any = None
    dataset: "Dataset | None" = None

    @property
    def run_id(self) -> str:
        return self.run.info.run_id


def watch_fit(call: Call) -> Watch:
    """Log a call of ``fit``, ``fit_transform`` or ``fit_predict``."""
    if must_leave_run_alone("sklearn"):
        return
    estimator = call.owner
    data = TrainingData.of(arguments_of(call))
    with run_for("sklearn", tags_of(estimator)) as run:
        fit = _Fit(estimator, data, run, {})
        _log_what_goes_in(fit)
        yield
        _log_what_came_out(fit)


def _option(name: str) -> Any:
    return get_autologging_config("sklearn", name)


def _log_what_goes_in(fit: _Fit) -> None:
    with attempt("sklearn", "the parameters"):
        fit.params = params_of(fit.estimator)
        _log_params(fit, fit.params)
    if _option("log_datasets"):
        with attempt("sklearn", "the training data"):
            fit.dataset = dataset_of(fit.data.features, fit.data.targets)
            if fit.dataset is not None:
                note_dataset(fit.run.client, fit.run_id, fit.dataset, "train")
    if _option("log_models") and (_option("log_model_signatures") or _option("log_input_examples")):
        with attempt("sklearn", "the example of the training data"):
            fit.sample = first_rows(fit.data.features)


def _log_params(fit: _Fit, params: Mapping[str, str]) -> None:
    """Log the params that the run does not have. One that another training set differently stays: params do."""
    known = notes_of(fit.run_id).params
    new = {key: value for key, value in params.items() if key not in known}
    changed = sorted(key for key, value in params.items() if known.get(key, value) != value)
    if changed:
        warn(
            "sklearn",
            "Run %s keeps the params of its first training: %s differ now. Those of each training are with its model.",
            fit.run_id,
            ", ".join(changed),
        )
    known.update(new)
    fit.run.client.log_batch(fit.run_id, params=[Param(key, value) for key, value in new.items()], synchronous=False)


def _log_what_came_out(fit: _Fit) -> None:
    searched = is_search(fit.estimator)
    if searched:
        with attempt("sklearn", "the parameters of the best candidate"):
            found = best_params_of(fit.estimator)
            fit.params = {**fit.params, **found}
            _log_params(fit, found)
    answers = Answers(fit.estimator, fit.data)
    with own_warnings_hidden():
        measured = training_metrics(answers, _option("pos_label"))
        _log_files(fit, answers, searched=searched)
    model_id = log_trained(fit.estimator, "model", fit.sample, fit.params, _option("registered_model_name"))
    with attempt("sklearn", "the metrics"):
        _log_metrics(fit, {**measured, **(search_metrics(fit.estimator) if searched else {})}, model_id)
    trainings.set(fit.estimator, Training(fit.run.client, fit.run_id, model_id))
    if searched:
        _log_search(fit)


def _log_files(fit: _Fit, answers: Answers, *, searched: bool) -> None:
    with attempt("sklearn", "the files"), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with attempt("sklearn", "estimator.html"):
            (folder / "estimator.html").write_text(estimator_html_repr(fit.estimator), encoding="utf-8")
        if searched:
            with attempt("sklearn", "cv_results.csv"):
                write_results(fit.estimator, folder)
        draw_plots(answers, folder, _option("pos_label"))
        fit.run.client.log_artifacts(fit.run_id, folder)


def _log_metrics(fit: _Fit, measured: Mapping[str, float], model_id: str | None) -> None:
    if not measured:
        return
    name, digest = (fit.dataset.name, fit.dataset.digest) if fit.dataset is not None else (None, None)
    when = now_ms()
    points = [Metric(key, value, when, 0, model_id, name, digest) for key, value in measured.items()]
    fit.run.client.log_batch(fit.run_id, metrics=points)


def _log_search(fit: _Fit) -> None:
    best_model_id = None
    best = getattr(fit.estimator, "best_estimator_", None)
    if best is not None:
        settings = as_texts({**best.get_params(deep=True), **fit.estimator.get_params(deep=False)})
        best_model_id = log_trained(best, "best_estimator", fit.sample, settings)
    with attempt("sklearn", "the candidates"):
        log_candidates(fit.estimator, fit.run, fit.dataset, best_model_id)
