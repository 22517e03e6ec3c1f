"""Deleted runs removed for good from the table."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.db.facts import ARTIFACTS_DESTINATION, note_fact
from runyard.gate.gate import Gate
from runyard.server.removals import Removals
from runyard.tracking.many_runs.messages import DeleteRuns
from runyard.tracking.runs.messages import SearchRuns
from tests.factories import an_experiment
from tests.ui.asking import Reader
from tests.ui.pages.test_runs_table import VIEW, names
from tests.ui.stories import a_story


@pytest.fixture
def removals(gate: Gate, tmp_path: Path) -> Iterator[Removals]:
    """What removes runs in the background of a server, over the gate of the pages."""
    gate.administer(lambda tx: note_fact(tx, ARTIFACTS_DESTINATION, str(tmp_path / "artifacts")))
    (tmp_path / "artifacts").mkdir(exist_ok=True)
    working = Removals(gate, lambda run_ids: None)
    gate.observers.append(working.note)
    working.start()
    yield working
    working.close()


@pytest.mark.usefixtures("removals")
def test_chosen_runs_are_deleted_for_good_once_the_word_is_typed(gate: Gate, reader: Reader) -> None:
    """The view stays with its filter and order, and cannot be undone; others stay."""
    story = a_story(gate, nested=False)
    needed, gone, active = story.run_ids
    gate.perform(DeleteRuns(run_ids=[needed, gone]))
    action, path = f"/ui/experiments/{story.experiment_id}/remove-runs", f"/experiments/{story.experiment_id}"
    assert "remove-runs" not in reader.get(path).text
    assert "remove-runs" in reader.get(f"{path}?view=deleted").text

    unsure = [reader.send(action, runs=[gone], **more) for more in ({}, {"sure": "yes"})]
    assert [(400, True)] * 2 == [(page.status, "Nothing was deleted." in page.words) for page in unsure]
    assert 2 == len(names(reader.get(f"{path}?view=deleted")))

    sent = reader.send(action, runs=[gone], sure="delete", back=f"view=deleted&{VIEW}")
    assert 303 == sent.status, sent.words
    assert sent.headers["location"].startswith(f"{path}?view=deleted&{VIEW}&done=removed&undo=")
    page = reader.get(sent.headers["location"])
    assert "1 run was deleted for good." in page.words
    assert "Undo" not in page.words
    assert 1 == len(names(page))

    refused = reader.send(action, runs=[needed, active], sure="delete", back="view=deleted")
    assert "2 runs of those chosen could not be deleted for good. Run" in refused.words
    assert "version 1 of 'classifier 1' (@champion, Production) needs it" in refused.words
    assert f"Run '{active}' is not deleted." in refused.words
    found = gate.perform(SearchRuns(experiment_ids=[story.experiment_id], run_view_type="ALL"))["runs"]
    assert {needed, active} == {run["info"]["run_id"] for run in found}


def test_the_trash_says_when_a_run_was_deleted(gate: Gate, reader: Reader) -> None:
    """In the table and in the files of it; those of active runs have no such column."""
    story = a_story(gate, nested=False)
    gone, also, _ = story.run_ids
    path = f"/experiments/{story.experiment_id}"
    gate.perform(DeleteRuns(run_ids=[gone, also]))

    page = reader.get(f"{path}?view=deleted")

    assert 2 == len(re.findall(r'<td class=o title="[^"]+">just now', page.text))
    rows = list(csv.DictReader(reader.get(f"{path}.csv?view=deleted").text.splitlines()))
    assert [True, True] == [row["deleted_time"] > row["start_time"] for row in rows]
    assert "deleted_time" not in reader.get(f"{path}.csv").text


def test_a_table_without_runs_says_that_all_are_in_the_trash(gate: Gate, reader: Reader) -> None:
    """One that never had any says how to log the first."""
    story = a_story(gate, nested=False)
    path = f"/experiments/{story.experiment_id}"
    new = f"/experiments/{an_experiment(gate)}"
    gate.perform(DeleteRuns(run_ids=list(story.run_ids[1:])))
    assert "All runs are in the trash." not in reader.get(path).words

    gate.perform(DeleteRuns(run_ids=list(story.run_ids[:1])))

    page = reader.get(path)
    assert "All runs are in the trash. Show them" in page.words
    assert f'href="{path}?view=deleted"' in page.text
    assert "Log a first run" not in page.words
    assert "All runs are in the trash." not in reader.get(f"{path}?filter=metrics.m+%3E+1").words
    assert "Log a first run" in reader.get(new).words
