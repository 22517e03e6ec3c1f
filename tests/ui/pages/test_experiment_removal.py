"""Deleted experiments removed for good from the trash."""

import pytest

from runyard.db.facts import ARTIFACTS_DESTINATION, note_fact
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import DeleteExperiment, SearchExperiments
from runyard.tracking.removal.messages import RemoveExperiment
from tests.factories import a_run, an_experiment
from tests.ui.asking import Reader
from tests.ui.pages.test_run_removal import removals
from tests.ui.stories import a_story

__all__ = ["removals"]  # the fixture


def _deleted(gate: Gate) -> set[str]:
    found = gate.perform(SearchExperiments(view_type="DELETED_ONLY")).get("experiments", [])
    return {one["experiment_id"] for one in found}


@pytest.mark.usefixtures("removals")
def test_ticked_experiments_are_deleted_for_good_once_the_word_is_typed(gate: Gate, reader: Reader) -> None:
    """The list keeps its search and order; what a version needs stays, and the page says why."""
    needed = a_story(gate, name="old needed").experiment_id
    gone, active = an_experiment(gate, "old gone"), an_experiment(gate, "old active")
    a_run(gate, gone)
    for experiment_id in (needed, gone):
        gate.perform(DeleteExperiment(experiment_id=experiment_id))
    action = "/ui/experiments/remove"
    asked = reader.get(f"/experiments?view=deleted&search=old&order=name+ASC&experiments={gone}")
    assert [action] == [href for href in asked.attributes("form", "action") if href.endswith("/remove")]
    assert "/experiments?view=deleted&search=old&order=name%20ASC" in asked.attributes("a", "href")

    unsure = [reader.send(action, experiments=[gone], **more) for more in ({}, {"sure": "yes"})]
    assert [(400, True)] * 2 == [(page.status, "Nothing was deleted." in page.words) for page in unsure]
    assert {needed, gone} == _deleted(gate)

    sent = reader.send(action, experiments=[gone], sure="delete", search="old", order="name ASC")
    assert (303, "/experiments?view=deleted&search=old&order=name%20ASC&notice=experiments-removed") == (
        sent.status,
        sent.headers["location"],
    ), sent.words
    page = reader.get(sent.headers["location"])
    assert "Deleted for good." in page.words
    assert "old gone" not in page.words

    refused = reader.send(action, experiments=[needed, active, "999"], sure="delete")
    assert (409, True) == (refused.status, "3 experiments could not be deleted for good. Experiment" in refused.words)
    assert "version 2 of 'classifier 1' (@challenger) needs it" in refused.words
    assert {needed} == _deleted(gate)


def test_an_experiment_that_goes_has_neither_box_nor_button(gate: Gate, reader: Reader) -> None:
    """Restoring it would fail, and choosing it again changes nothing."""
    going, stays = an_experiment(gate, "going"), an_experiment(gate, "stays")
    for experiment_id in (going, stays):
        gate.perform(DeleteExperiment(experiment_id=experiment_id))
    gate.administer(lambda tx: note_fact(tx, ARTIFACTS_DESTINATION, "s3://models/team"))
    gate.perform(RemoveExperiment(experiment_id=going))

    page = reader.get(f"/experiments?view=deleted&experiments={going}")

    assert "Being deleted" in page.words
    assert "cannot be undone" not in page.words
    assert [stays] == [value for value in page.attributes("input", "value") if value in (going, stays)]
    assert "being removed for good" in reader.send("/ui/experiments/restore", experiments=[going]).words
