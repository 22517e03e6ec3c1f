"""Searches for the best settings: their candidates as runs below the search's own, and their table of results."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from runyard.autologging.datasets import note_dataset
from runyard.autologging.integrations import get_autologging_config
from runyard.autologging.reports import inform
from runyard.autologging.texts import as_texts
from runyard.core import origin
from runyard.core.clock import now_ms
from runyard.core.tags import AUTOLOGGING_TAG, PARENT_TAG
from runyard.fluent.stack import ActiveRun
from runyard.sklearn.autologging.params import tags_of
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param

if TYPE_CHECKING:
    from runyard.data.dataset import Dataset

_NOT_METRICS = ("param_", "split")


def write_results(search: Any, folder: Path) -> None:
    """Write the search's table of results as ``cv_results.csv``."""
    pd.DataFrame(search.cv_results_).to_csv(folder / "cv_results.csv", index=False)


def search_metrics(search: Any) -> dict[str, float]:
    """The best candidate's score; nothing if the search did not choose one."""
    best = getattr(search, "best_score_", None)
    return {} if best is None else {"best_cv_score": float(best)}


def log_candidates(search: Any, run: ActiveRun, dataset: "Dataset | None", best_model_id: str | None) -> None:
    """Log the best candidates as runs below the search's own, as many as ``max_tuning_runs`` says, the best first.

    Parameters
    ----------
    search: The search, when it is over.
    run: Its run.
    dataset: What it was trained on.
    best_model_id: The logged model of the best candidate; its scores are logged with it.
    """
    results = pd.DataFrame(search.cv_results_)
    chosen = results.sort_values(_rank(search, results), kind="stable")
    most = get_autologging_config("sklearn", "max_tuning_runs", 5)
    chosen = chosen if most is None else chosen.head(most)
    inform("sklearn", "Logging %d of the %d candidates, the best first.", len(chosen), len(results))
    base = search.estimator.get_params(deep=True)
    best_index = getattr(search, "best_index_", None)
    for index, row in chosen.iterrows():
        _log_candidate(
            search.estimator, run, {**base, **row["params"]}, _scores(row), dataset,
            best_model_id if index == best_index else None,
        )  # fmt: skip


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


def _log_candidate(
    estimator: Any,
    parent: ActiveRun,
    params: Mapping[str, Any],
    scores: Mapping[str, float],
    dataset: "Dataset | None",
    model_id: str | None,
) -> None:
    client = parent.client
    tags = {PARENT_TAG: parent.info.run_id, AUTOLOGGING_TAG: "sklearn", **tags_of(estimator)}
    child = client.create_run(parent.info.experiment_id, tags=origin.resolve_tags(tags))
    run_id = child.info.run_id
    name, digest = (dataset.name, dataset.digest) if dataset is not None else (None, None)
    when = now_ms()
    client.log_batch(
        run_id,
        metrics=[Metric(key, value, when, 0, model_id, name, digest) for key, value in scores.items()],
        params=[Param(key, value) for key, value in as_texts(params).items()],
        synchronous=False,
    )
    if dataset is not None:
        note_dataset(client, run_id, dataset, "train")
    client.set_terminated(run_id)
