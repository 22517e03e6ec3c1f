"""Watches ``fit``: its arguments are logged before, statistics, the summary and the model after."""

import inspect
import numbers
from typing import Any

from statsmodels.base.model import Results
from statsmodels.base.wrapper import ResultsWrapper

from runyard.autologging.reports import own_warnings_hidden
from runyard.autologging.training import TrainingRun, training_run
from runyard.autologging.watchers import Call, Watch
from runyard.statsmodels.flavor import log_model

SUMMARY = "model_summary.txt"
_STATISTICS = (
    "aic",
    "bic",
    "centered_tss",
    "condition_number",
    "df_model",
    "df_resid",
    "ess",
    "f_pvalue",
    "fvalue",
    "llf",
    "mse_model",
    "mse_resid",
    "mse_total",
    "rsquared",
    "rsquared_adj",
    "scale",
    "ssr",
    "uncentered_tss",
)


def watch_fit(call: Call) -> Watch:
    """Log a call of ``fit``."""
    with training_run("statsmodels") as training:
        if training is None:
            return
        with training.attempt("the parameters"):
            training.log_params(_params_of(call))
        results = yield
        _log_results(training, results)


def _params_of(call: Call) -> dict[str, Any]:
    """The arguments of a fit, with their defaults; those that go to an optimizer by their own names."""
    params: dict[str, Any] = {}
    signature = inspect.signature(call.function)
    for name, value in list(call.all_arguments().items())[1:]:
        collects = signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        params.update(value if collects else {name: value})
    return params


def _log_results(training: TrainingRun, results: Any) -> None:
    model_id = training.log_model(
        log_model,
        results,
        params=training.params,
    )
    if not isinstance(results, Results | ResultsWrapper):
        return
    with training.attempt("the statistics"), own_warnings_hidden():
        training.log_metrics(_statistics_of(results), model_id=model_id)
    with training.attempt("the summary"), own_warnings_hidden():
        training.client.log_text(training.run_id, results.summary().as_text(), SUMMARY)


def _statistics_of(results: Any) -> dict[str, float]:
    found = {}
    for name in _STATISTICS:
        try:
            value = getattr(results, name, None)
        except Exception:  # noqa: BLE001, S112  (some are computed on access, and not for every kind of results)
            continue
        if isinstance(value, numbers.Real):
            found[name] = float(value)
    return found
