"""The table of runs of several experiments."""

import re
from urllib.parse import quote

import pytest

from runyard.gate.gate import Gate
from tests.factories import NOW, a_run, an_experiment, shown_run
from tests.ui.asking import Answer, Reader


def names(page: Answer) -> list[str]:
    """The names of the runs, in order."""
    return re.findall(r'<a href="/runs/[^"?]*">([^<]*)</a>', page.text)


def two(gate: Gate) -> tuple[str, str]:
    """Two experiments of two runs each, which began in turns."""
    pair = an_experiment(gate, "vision/cats"), an_experiment(gate, "vision/dogs")
    for index in range(4):
        a_run(gate, pair[index % 2], run_name=f"run {index}", start_time=NOW + index)
    return pair


def test_runs_of_several_experiments_are_one_table(gate: Gate, reader: Reader) -> None:
    """In one order, with a column that tells whose they are; every way on stays with these experiments."""
    first, second = two(gate)
    other = an_experiment(gate, "other")
    a_run(gate, other, run_name="elsewhere")

    page = reader.get(f"/runs?experiments={first},{second}")
    wrong = reader.get(f"/runs?experiments={first}&experiments={second}&filter=metrics.%20%3D")
    dogs = quote("experiment.name = 'vision/dogs'")
    narrowed = reader.get(f"/runs?experiments={first},{second}&filter={dogs}")

    assert ["run 3", "run 2", "run 1", "run 0"] == names(page)
    assert ["vision/dogs", "vision/cats"] * 2 == re.findall(r"<td class=o><a [^>]*>([^<]*)</a>", page.text)
    assert 400 == wrong.status
    assert ["run 3", "run 1"] == names(narrowed)
    views = [href for href in page.attributes("a", "href") if href.startswith(("/runs?", "/runs."))]
    assert len(views) > 5
    assert all(f"experiments={first},{second}" in href for href in views)
    assert reader.get(f"/runs?experiments={first}").words.count("Runs of 1 experiment")


def test_what_is_done_there_leads_back_to_it(gate: Gate, reader: Reader) -> None:
    """Runs of two experiments are deleted at once, and one Undo brings them back."""
    first, second = two(gate)
    page = reader.get(f"/runs?experiments={first},{second}")
    ids = [address.rpartition("/")[2] for address in page.attributes("a", "href") if re.match(r"/runs/\w+$", address)]
    both = {"experiments": f"{first},{second}", "back": "order=run_name+ASC"}

    deleted = reader.send("/ui/table/delete-runs", runs=ids[:2], **both)
    left = reader.get(deleted.headers["location"])
    [undo] = [value for value in re.findall(r'name="selection" value="(\w+)"', left.text) if value]
    restored = reader.send("/ui/table/restore-runs", selection=undo, **both)
    chosen = reader.send("/ui/table/choose-all", **both)

    assert 303 == deleted.status
    assert f"/runs?experiments={first},{second}&order=run_name%20ASC" in deleted.headers["location"]
    assert ["run 0", "run 1"] == names(left)
    assert ["run 0", "run 1", "run 2", "run 3"] == names(reader.get(restored.headers["location"]))
    assert "selection=" in chosen.headers["location"]
    assert "active" == shown_run(gate, ids[0])["info"]["lifecycle_stage"]


def test_its_file_says_whose_the_runs_are(gate: Gate, reader: Reader) -> None:
    """Names of runs are not enough there."""
    first, second = two(gate)

    head, *rows = reader.get(f"/runs.csv?experiments={first},{second}&order=run_name%20ASC").text.splitlines()

    assert head.endswith("user_id,experiment_id,experiment_name")
    assert [f"{first},vision/cats", f"{second},vision/dogs"] * 2 == [",".join(row.split(",")[-2:]) for row in rows]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 400, "No experiment is named."),
        ("experiments=x", 400, "Invalid experiment id 'x'"),
        ("experiments=0,99", 404, "No experiment has the id 99."),
        (f"experiments={','.join(map(str, range(101)))}", 400, "at most 100"),
    ],
)
def test_experiments_that_cannot_be_shown_are_refused(reader: Reader, query: str, status: int, words: str) -> None:
    """With what to do instead."""
    page = reader.get(f"/runs?{query}")

    assert status == page.status
    assert words in page.words
