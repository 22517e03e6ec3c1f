"""Many runs of the table renamed and moved, and given back what they had."""

import re

from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import GetRun, SetTag
from tests.factories import an_experiment
from tests.ui.asking import Answer, Reader
from tests.ui.stories import a_story

VIEW = "filter=metrics.loss%20%3E%200&order=run_name%20ASC&col=params.lr"


def undo_fields(page: Answer) -> dict[str, str]:
    """What the notice's form sends."""
    form = page.text.partition('<form class="notice"')[2].partition("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_chosen_runs_are_renamed_and_named_back(gate: Gate, reader: Reader) -> None:
    """The view and the choice stay; what lacks a part of the name is counted and left alone."""
    story = a_story(gate, nested=False)
    path = f"/experiments/{story.experiment_id}"
    other = reader.send(f"/ui{path}/rename-runs", runs=[*story.run_ids], template="{name} {tags.nope}")
    assert 400 == other.status
    assert "None of the chosen runs was renamed. The run has no tags.nope." in other.words

    sent = reader.send(f"/ui{path}/rename-runs", runs=[*story.run_ids[:2]], template="lr {params.lr}", back=VIEW)
    page = reader.get(sent.headers["location"])
    assert re.match(
        rf"{re.escape(path)}\?{re.escape(VIEW)}&selection=\w+&done=renamed&undo=\w+$", sent.headers["location"]
    )
    assert "2 runs were renamed." in page.words
    assert "lr 0.2" in page.words
    again = reader.send(f"/ui{path}/rename-runs", runs=[*story.run_ids[:2]], template="lr {params.lr}", back=VIEW)
    assert again.headers["location"].endswith("notice=runs-unchanged")

    undone = reader.get(reader.send(f"/ui{path}/undo-change", **undo_fields(page)).headers["location"])
    assert "The runs have what they had before." in undone.words
    assert "run 1" in undone.words
    forged = sent.headers["location"].replace("done=renamed", "done=moved")
    assert 'class="notice"' not in reader.get(forged).text


def test_chosen_runs_are_moved_with_their_children_and_back(gate: Gate, reader: Reader) -> None:
    """By the name or the id of an experiment; one that is not there is an error, and nothing has moved."""
    story = a_story(gate, runs=4)
    target = an_experiment(gate, "the archive")
    path = f"/experiments/{story.experiment_id}"
    for wrong, status in (("", 400), ("nowhere", 404), ("999", 404)):
        assert status == reader.send(f"/ui{path}/move-runs", runs=[story.run_ids[0]], to=wrong).status

    page = reader.get(
        reader.send(f"/ui{path}/move-runs", runs=[story.run_ids[0]], to="the archive").headers["location"]
    )
    assert "3 runs were moved." in page.words  # the chosen one, and the two below it
    assert target == gate.ask(GetRun(run_id=story.run_ids[0])).run.info.experiment_id
    reader.send(f"/ui{path}/undo-change", **undo_fields(page))
    assert story.experiment_id == gate.ask(GetRun(run_id=story.run_ids[0])).run.info.experiment_id
    assert 303 == reader.send(f"/ui{path}/move-runs", runs=[story.run_ids[0]], to=target).status


def test_chosen_runs_are_tagged_and_get_back_what_they_had(gate: Gate, reader: Reader) -> None:
    """Values that were there before too; what was tagged again since is left alone."""
    story = a_story(gate, runs=3, nested=False)
    path = f"/experiments/{story.experiment_id}"
    first, second, third = story.run_ids
    gate.perform(SetTag(run_id=first, key="verdict", value="bad"))

    sent = reader.send(f"/ui{path}/tag-runs", runs=[*story.run_ids], key="verdict", value="good", back=VIEW)
    page = reader.get(sent.headers["location"])
    assert "3 runs were tagged." in page.words
    gate.perform(SetTag(run_id=third, key="verdict", value="mine"))
    undone = reader.get(reader.send(f"/ui{path}/undo-change", **undo_fields(page)).headers["location"])

    assert "The runs have what they had before." in undone.words
    tags = [gate.ask(GetRun(run_id=run_id)).run.data.tags.get("verdict") for run_id in (first, second, third)]
    assert ["bad", None, "mine"] == tags
    removed = reader.send(f"/ui{path}/tag-runs", runs=[first], key="verdict", remove="yes", back=VIEW)
    assert "verdict" not in gate.ask(GetRun(run_id=first)).run.data.tags
    reader.send(f"/ui{path}/undo-change", **undo_fields(reader.get(removed.headers["location"])))
    assert "bad" == gate.ask(GetRun(run_id=first)).run.data.tags["verdict"]
