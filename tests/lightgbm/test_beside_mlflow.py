"""Trainings of LightGBM leave behind what they leave with a real mlflow."""

from pathlib import Path

import pytest

from tests.flavors.trainings import logged_by_both, same_runs

pytestmark = [pytest.mark.slow, pytest.mark.compat, pytest.mark.timeout(600)]


def test_trainings_are_logged_as_mlflow_logs_them(tmp_path: Path) -> None:
    """Params, metrics and their steps, files, datasets, models, tags; a model that was not trained has failed."""
    ours, theirs = logged_by_both("lightgbm", tmp_path)

    assert ["FAILED"] == [model[1] for model in ours["failing"][0]["models"]]
    ours["failing"][0]["models"], theirs["failing"][0]["models"] = [], []
    for name, runs in theirs.items():
        same_runs(ours[name], runs)
