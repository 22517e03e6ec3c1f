"""Watches ``fit``: what goes in is logged before the training, what came out of it after."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.utils import estimator_html_repr

from runyard.autologging.reports import own_warnings_hidden
from runyard.autologging.samples import first_rows
from runyard.autologging.texts import as_texts
from runyard.autologging.trained import Training, trainings
from runyard.autologging.training import TrainingRun, training_run
from runyard.autologging.watchers import Call, Watch
from runyard.sklearn.autologging.arguments import TrainingData, arguments_of
from runyard.sklearn.autologging.params import best_params_of, is_search, params_of, tags_of
from runyard.sklearn.autologging.plots import draw_plots
from runyard.sklearn.autologging.searches import log_candidates, search_metrics, write_results
from runyard.sklearn.autologging.training_metrics import Answers, training_metrics
from runyard.sklearn.flavor import log_model


@dataclass
class _Fit:
    """One training that is being logged."""

    estimator: Any
    data: TrainingData
    training: TrainingRun
    sample: Any = None


def watch_fit(call: Call) -> Watch:
    """Log a call of ``fit``, ``fit_transform`` or ``fit_predict``."""
    estimator = call.owner
    data = TrainingData.of(arguments_of(call))
    with training_run("sklearn", tags_of(estimator)) as training:
        if training is None:
            return
        fit = _Fit(estimator, data, training)
        _log_what_goes_in(fit)
        yield
        _log_what_came_out(fit)


def _log_what_goes_in(fit: _Fit) -> None:
    training = fit.training
    with training.attempt("the parameters"):
        training.log_params(params_of(fit.estimator))
    training.log_dataset(fit.data.features, fit.data.targets)
    fit.sample = training.sample(lambda: first_rows(fit.data.features))


def _log_what_came_out(fit: _Fit) -> None:
    training = fit.training
    searched = is_search(fit.estimator)
    if searched:
        with training.attempt("the parameters of the best candidate"):
            training.log_params(best_params_of(fit.estimator))
    answers = Answers(fit.estimator, fit.data)
    pos_label = training.option("pos_label")
    with own_warnings_hidden():
        measured = training_metrics(answers, pos_label)
        _log_files(fit, answers, searched=searched)
    model_id = _log_model(fit, fit.estimator, "model", training.params)
    if searched:
        with training.attempt("the metrics"):
            measured = {**measured, **search_metrics(fit.estimator)}
    training.log_metrics(measured, model_id=model_id)
    trainings.set(fit.estimator, Training(training.client, training.run_id, model_id))
    if searched:
        _log_search(fit)


def _log_model(fit: _Fit, estimator: Any, name: str, params: Mapping[str, str], *, register: bool = True) -> str | None:
    answer = next((method for method in ("predict", "transform") if hasattr(estimator, method)), None)
    return fit.training.log_model(
        log_model,
        estimator,
        fit.sample,
        getattr(estimator, answer) if answer else None,
        name,
        params,
        serialization_format=fit.training.option("serialization_format"),
        register=register,
    )


def _log_files(fit: _Fit, answers: Answers, *, searched: bool) -> None:
    training = fit.training
    with training.attempt("the files"), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with training.attempt("estimator.html"):
            (folder / "estimator.html").write_text(estimator_html_repr(fit.estimator), encoding="utf-8")
        if searched:
            with training.attempt("cv_results.csv"):
                write_results(fit.estimator, folder)
        draw_plots(answers, folder, training.option("pos_label"))
        training.client.log_artifacts(training.run_id, folder)


def _log_search(fit: _Fit) -> None:
    best_model_id = None
    best = getattr(fit.estimator, "best_estimator_", None)
    if best is not None:
        settings = as_texts({**best.get_params(deep=True), **fit.estimator.get_params(deep=False)})
        best_model_id = _log_model(fit, best, "best_estimator", settings, register=False)
    with fit.training.attempt("the candidates"):
        log_candidates(fit.estimator, fit.training, best_model_id)
