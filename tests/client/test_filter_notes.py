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


def test_searches_of_all_entities_say_why_they_find_nothing(
    client: RunyardClient, experiment: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Once each, with the nearest key of the same entity; a key that is there needs no word."""
    name = f"notes-{uuid4().hex}"
    client.set_experiment_tag(experiment, "team", "vision")
    client.create_logged_model(experiment, "trees", params={"depth": 3})
    client.create_registered_model(name, tags={"owner": "ada"})
    client.create_model_version(
        name, "runs:/" + client.create_run(experiment).info.run_id + "/m", tags={"gate": "open"}
    )
    with caplog.at_level(logging.WARNING, "runyard"):
        for _ in range(2):
            assert [] == client.search_experiments(filter_string=f"tags.taem = '{name}'")
            assert [] == client.search_logged_models([experiment], f"params.dept = '{name}'")
            assert [] == client.search_registered_models(f"tags.ownr = '{name}'")
            assert [] == client.search_model_versions(f"tags.gat = '{name}'")
        assert [] == client.search_model_versions("tags.gate = 'closed'")
    said = [record.getMessage() for record in caplog.records if "The filter finds" in record.getMessage()]
    assert [
        "The filter finds no experiment: No experiment has the tag 'taem'. Did you mean tags.team?",
        "The filter finds no logged model: No logged model has the param 'dept'. Did you mean params.depth?",
        "The filter finds no registered model: No registered model has the tag 'ownr'. Did you mean tags.owner?",
        "The filter finds no model version: No model version has the tag 'gat'. Did you mean tags.gate?",
    ] == said
    with pytest.raises(InvalidParameter, match="It has one of: None, Staging, Production, Archived"):
        client.search_model_versions("stage = 'Prod'")
