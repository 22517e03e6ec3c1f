"""A search that finds nothing says why, in the client and on the command line."""

import logging
from uuid import uuid4

import pytest

from runyard.client import RunyardClient
from runyard.exceptions import InvalidParameter


@pytest.fixture
def experiment(client: RunyardClient) -> str:
    """An experiment with a run that has a metric."""
    experiment_id = client.create_experiment(f"notes {uuid4().hex}")
    client.log_metric(client.create_run(experiment_id).info.run_id, "accuracy", 0.9)
    return experiment_id


def test_an_unknown_key_is_logged_once(
    client: RunyardClient, experiment: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However often a program asks; the list that is found is empty, as of any server."""
    text = f"metrics.acuracy > 0 AND params.{uuid4().hex} IS NULL"
    with caplog.at_level(logging.WARNING, "runyard"):
        assert [] == client.search_runs([experiment], text)
        assert [] == client.search_runs([experiment], text)
    said = [record.getMessage() for record in caplog.records if "acuracy" in record.getMessage()]
    assert ["The filter finds no run: No run has the metric 'acuracy'. Did you mean metrics.accuracy?"] == said


def test_a_value_that_a_field_never_has_is_an_error(client: RunyardClient, experiment: str) -> None:
    """It can only be a mistake."""
    with pytest.raises(InvalidParameter, match="It has one of: RUNNING, SCHEDULED, FINISHED, FAILED, KILLED"):
        client.search_runs([experiment], "status = 'failed'")


def test_a_filter_that_finds_runs_is_not_explained(client: RunyardClient, experiment: str) -> None:
    """Nor is one that MLflow's users know to match everything."""
    assert 1 == len(client.search_runs([experiment], "status != 'failed'"))
    assert [] == client.explain_filter("metrics.accuracy > 1")
