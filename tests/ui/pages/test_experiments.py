"""The list of experiments, and what can be done with it."""

import re

from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import DeleteExperiment, GetExperiment, RestoreExperiment, SetExperimentTag
from tests.factories import NOW, a_run, an_experiment
from tests.ui.asking import Reader
from tests.ui.stories import a_story


def test_counts_are_those_of_the_store(gate: Gate, reader: Reader) -> None:
    """A count that is only roughly right is worse than none."""
    a_story(gate, runs=7, name="counted")

    page = reader.get("/?search=counted")

    assert "counted 7" in page.words
    assert "4 running" in page.words
    assert "3 finished" in page.words
    assert "1-1 of 1 experiment" in page.words


def test_a_long_list_is_counted_whole_on_every_page(gate: Gate, reader: Reader) -> None:
    """The pages show a hundred; readers want to know how many there are."""
    for number in range(102):
        an_experiment(gate, f"long {number}")
    an_experiment(gate, "in a/long folder")

    for address, total in (("/?search=long", 103), ("/?order=name%20ASC", 103), ("/?flat=1", 104)):
        first = reader.get(address)
        [onwards] = [found["href"] for tag, found in first.elements if tag == "a" and found.get("rel") == "next"]

        assert f"1-100 of {total} experiments" in first.words
        assert f"101-{total} of {total} experiments" in reader.get(onwards).words


def test_search_finds_names_that_hold_the_text_in_any_case(gate: Gate, reader: Reader) -> None:
    """Nobody remembers how a name was capitalised."""
    an_experiment(gate, "Vision Sweep")
    an_experiment(gate, "language")

    page = reader.get("/?search=vision")

    assert "Vision Sweep" in page.words
    assert "language" not in page.words


def test_search_takes_any_text(gate: Gate, reader: Reader) -> None:
    """Quotes and jokers are part of names too."""
    an_experiment(gate, "it's 100% done")

    assert "it's 100% done" in reader.get("/?search=it%27s%20100%25").words
    assert "No experiment matches “'\"”." in reader.get("/?search=%27%22").words


def test_search_takes_filters(gate: Gate, reader: Reader) -> None:
    """As the box of the runs does: what is wrong is pointed at, and a tag that nothing has is said with its nearest."""
    gate.perform(SetExperimentTag(experiment_id=an_experiment(gate, "tagged"), key="owner", value="ada"))
    an_experiment(gate, "plain")

    found = reader.get("/?search=tags.owner+%3D+'ada'+AND+NOT+name+~+'^x'").words
    assert "tagged" in found
    assert "plain" not in found
    assert "Did you mean tags.owner?" in reader.get("/?search=tags.owne+%3D+'ada'").words
    wrong = reader.get("/?search=tags.owner+%3D+ada")
    assert wrong.status == 400
    assert "must be in quotes" in wrong.words
    assert "             ^" in wrong.text


def test_an_experiment_is_created_and_shown(reader: Reader) -> None:
    """After the form the browser is on the new experiment's page."""
    answer = reader.send("/ui/experiments/create", name=" new one ")

    assert answer.status == 303
    assert "new one" in reader.get(answer.headers["location"]).words


def test_a_taken_name_is_explained(gate: Gate, reader: Reader) -> None:
    """The reader must know that another experiment has the name."""
    an_experiment(gate, "taken")

    answer = reader.send("/ui/experiments/create", name="taken")

    assert answer.status == 400
    assert "taken" in answer.words


def test_an_experiment_is_renamed_described_deleted_and_restored(gate: Gate, reader: Reader) -> None:
    """Everything the page offers is done by the gate and shown afterwards."""
    experiment_id = an_experiment(gate, "before")
    path = f"/ui/experiments/{experiment_id}"

    assert "after" in reader.get(reader.send(f"{path}/rename", name="after").headers["location"]).words
    described = reader.send(f"{path}/describe", description="Some **notes**")
    assert "<strong>notes</strong>" in reader.get(described.headers["location"]).text
    assert "Restore" in reader.get(reader.send(f"{path}/delete").headers["location"]).words
    assert "after" in reader.get("/?view=deleted").words
    reader.send(f"{path}/restore")
    assert gate.perform(GetExperiment(experiment_id=experiment_id))["experiment"]["lifecycle_stage"] == "active"


def test_the_trash_says_what_was_deleted_and_gives_it_back(gate: Gate, reader: Reader) -> None:
    """One experiment or several, with their runs; before any goes for good the page says how much that is."""
    first, second, third = (an_experiment(gate, name) for name in ("one <b>", "two", "three"))
    for experiment_id in (first, first, second):
        a_run(gate, experiment_id)
    for experiment_id in (first, second, third):
        gate.perform(DeleteExperiment(experiment_id=experiment_id))

    page = reader.get("/?view=deleted")
    asked = reader.get(f"/experiments?view=deleted&experiments={first}&experiments={second}")

    assert "Trash" in re.findall(r"<h1>([^<]*)", page.text)
    assert {"2", "1", "0"} == set(re.findall(r'<td class="n">(\d+)', page.text))
    assert "one &lt;b&gt;" in page.text
    assert "cannot be undone" not in page.words
    assert "2 experiments with 3 runs" in asked.words
    assert "cannot be undone" in asked.words
    assert "one <b> 2 runs" in asked.words

    gate.perform(RestoreExperiment(experiment_id=third))
    back = reader.send("/ui/experiments/restore", experiments=[first])
    assert "are back" in reader.get(back.headers["location"]).words
    assert [second] == reader.get("/?view=deleted").attributes("input", "value")[-1:]
    missing = reader.send("/ui/experiments/restore", experiments=[second, "999"])
    assert (404, True) == (missing.status, "1 experiment could not be restored; the others were." in missing.words)
    assert "The trash is empty." in reader.get("/?view=deleted").words
    assert "No experiment was chosen" in reader.send("/ui/experiments/restore").words


def test_a_deleted_experiment_shows_its_deleted_runs(gate: Gate, reader: Reader) -> None:
    """Looking before restoring must be possible."""
    story = a_story(gate, name="gone")
    gate.perform(DeleteExperiment(experiment_id=story.experiment_id))

    assert "run 2" in reader.get(f"/experiments/{story.experiment_id}").words


def test_starred_experiments_stand_first_whatever_the_order(gate: Gate, reader: Reader) -> None:
    """A star is set in its row, which leads back to the same list, and taken away on the page of the experiment."""
    ids = {name: an_experiment(gate, name) for name in ("first", "second", "third")}

    assert reader.send("/ui/experiments/star", star=ids["third"], back="order=name+ASC").headers["location"] == (
        "/experiments?order=name%20ASC"
    )
    page = reader.get("/?order=name+ASC")
    assert page.words.index("third") < page.words.index("Default") < page.words.index("first")
    assert [page.attributes("button", "aria-pressed")[0]] == ["true"]
    reader.send(f"/ui/experiments/{ids['third']}/star")
    page = reader.get("/?order=name+ASC")
    assert page.words.index("first") < page.words.index("third")
    assert reader.send("/ui/experiments/star", star="77").status == 404


def test_the_list_sorts_by_what_the_runs_come_to(gate: Gate, reader: Reader) -> None:
    """Each head leads to its order, the most and the latest first."""
    for name, starts in (("few", [NOW + 9]), ("many", [NOW, NOW + 1])):
        number = an_experiment(gate, name)
        for start in starts:
            a_run(gate, number, start_time=start)

    by_runs, by_activity = reader.get("/?order=runs+DESC").words, reader.get("/?order=last_activity_time+DESC").words

    assert by_runs.index("many") < by_runs.index("few")
    assert by_activity.index("few") < by_activity.index("many")
    assert "/experiments?order=runs%20DESC" in reader.get("/").attributes("a", "href")


def test_names_with_slashes_are_in_folders(gate: Gate, reader: Reader) -> None:
    """A folder has an address, the way back, and what is below it; the list can be flat, and a search always is."""
    for name in ("team/vision/cars & co", "team/vision/dogs", "team/report", "/Users/ann/notes", "loose"):
        an_experiment(gate, name)

    top = reader.get("/?order=name%20ASC")
    assert "/Users/ 1 experiment" in top.words
    assert "team/ 3 experiments" in top.words
    assert "cars" not in top.words
    assert "2 folders, 2 experiments" in top.words
    team = reader.get("/experiments?folder=team&order=name%20ASC")
    assert "vision/ 2 experiments" in team.words
    assert "1 folder, 1 experiment" in team.words
    assert "report" in team.words
    assert "loose" not in team.words
    [inner] = [href for href in team.attributes("a", "href") if "vision" in href]
    vision = reader.get(inner)
    assert "cars & co" in vision.words
    assert "team/vision/dogs" not in vision.words
    assert "/experiments?order=name%20ASC&folder=team" in vision.attributes("a", "href")
    assert "team/vision/" in vision.attributes("input", "value")
    flat = reader.get("/?flat=1").words
    assert "team/vision/dogs" in flat
    assert "1-6 of 6 experiments" in flat
    assert "team/vision/dogs" in reader.get("/?search=DOGS").words
    assert "begins with “none/”" in reader.get("/?folder=none").words
    assert "All flat" not in reader.get("/?search=loose").words


def test_only_forms_are_taken(reader: Reader) -> None:
    """Other kinds of bodies are how other sites' pages try to reach us."""
    assert reader.post("/ui/experiments/create", b'{"name": "x"}', "application/json").status == 400
    assert reader.post("/ui/experiments/create", b"name=x", "text/plain").status == 400
    assert reader.post("/ui/experiments/create", b"name=%ff", "application/x-www-form-urlencoded").status == 400
    assert (
        reader.post("/ui/experiments/create", b"name=" + b"x" * 1_100_000, "application/x-www-form-urlencoded").status
        == 413
    )
