"""Searches for the best settings: their candidates as runs below the search's own, and their table of results."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from runyard.autologging.reports import inform
from runyard.autologging.searches import log_candidate
from runyard.autologging.training import TrainingRun
from runyard.sklearn.autologging.params import tags_of

_NOT_METRICS = ("param_", "split")


def write_results(search: Any, folder: Path) -> None:
    """Write the search's table of results as ``cv_results.csv``."""
    pd.DataFrame(search.cv_results_).to_csv(folder / "cv_results.csv", index=False)


def search_metrics(search: Any) -> dict[str, float]:
    """The best candidate's score; nothing if the search did not choose one."""
    best = getattr(search, "best_score_", None)
    return {} if best is None else {"best_cv_score": float(best)}


def log_candidates(search: Any, training: TrainingRun, best_model_id: str | None) -> None:
    """Log the best candidates as runs below the search's own, as many as ``max_tuning_runs`` says, the best first.

    Parameters
    ----------
    search: The search, when it is over.
    training: Its own training.
    best_model_id: The logged model of the best candidate; its scores are logged with it.
    """
    results = pd.DataFrame(search.cv_results_)
    chosen = results.sort_values(_rank(search, results), kind="stable")
    most = training.option("max_tuning_runs", 5)
    chosen = chosen if most is None else chosen.head(most)
    inform("sklearn", "Logging %d of the %d candidates, the best first.", len(chosen), len(results))
    base = search.estimator.get_params(deep=True)
    best_index = getattr(search, "best_index_", None)
    for index, row in chosen.iterrows():
        model_id = best_model_id if index == best_index else None
        params = {**base, **row["params"]}
        log_candidate(training, tags_of(search.estimator), params, _scores(row), model_id, context="train")


def _rank(search: Any, results: pd.DataFrame) -> str:
    """The column that says which candidate is best: that of the score the search refits by, else the first one."""
    ranks = [column for column in results.columns if column.startswith("rank_test_")]
    wanted = f"rank_test_{search.refit}"
    return wanted if wanted in ranks else ranks[0]


def _scores(row: "pd.Series[Any]") -> dict[str, float]:
    return {
        str(key): float(value)
        for key, value in row.items()
        if not str(key).startswith(_NOT_METRICS) and isinstance(value, int | float | np.number)
    }
