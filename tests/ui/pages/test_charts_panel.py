"""Charts beside the table of runs: which metrics they are of, in which order, and of which runs or groups."""

import json
from typing import Any

import pytest

from runyard import _resources
from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from runyard.tracking.selections.messages import CreateSelection
from runyard.ui.parts import charts_panel
from runyard.ui.parts.charts_panel import MAX_LINES, PAGE_SIZE, RUNS_OF_LINES
from runyard.ui.parts.list_state import CHARTS
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader

KEYS = ("loss", "train/loss", "train/acc", "val/acc", "system/cpu")


def logged(gate: Gate, experiment_id: str, rate: str, keys: tuple[str, ...] = KEYS, **fields: Any) -> str:
    """A run of a learning rate, with a point of each metric."""
    run_id = a_run(gate, experiment_id, **fields)
    for first in range(0, len(keys), 900):
        points = [a_point(key, 0.5) for key in keys[first : first + 900]]
        gate.perform(LogBatch(run_id=run_id, metrics=points, params=[] if first else [Param(key="lr", value=rate)]))
    return run_id


def test_scripts_carry_along_what_a_view_keeps() -> None:
    """A sorted table keeps its charts: what they add to the address has one list in Python and one in the script."""
    script = (_resources.web() / "static/js/runs-view.js").read_text(encoding="utf-8")

    assert list(CHARTS) == script.partition('const CHARTS = "')[2].partition('"')[0].split(" ")


def panel(page: Answer) -> dict[str, Any]:
    """What the page says to the script of charts."""
    assert 200 == page.status
    [attributes] = [attributes for tag, attributes in page.elements if tag == "charts-panel"]
    data = {name.removeprefix("data-"): value for name, value in attributes.items() if name.startswith("data-")}
    return {name: json.loads(value) if value.startswith("[") else value for name, value in data.items()}


def charts(page: Answer) -> list[str]:
    """The metrics that have charts, in order."""
    return page.attributes("figure", "data-key")


def test_few_runs_have_their_charts_below_them(gate: Gate, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their table leaves the page empty. What the address says holds, and many runs are a plain, light table."""
    experiment_id = an_experiment(gate)
    run_id = logged(gate, experiment_id, "0.1")
    path = f"/experiments/{experiment_id}"

    few, split = reader.get(f"{path}?order=run_name"), reader.get(f"{path}?charts=split&order=run_name")
    closed = reader.get(next(href for href in few.attributes("a", "href") if "charts=table" in href))

    assert [run_id] == panel(few)["rows"]
    assert 1 == few.text.count('class="beside below"')
    assert not closed.attributes("figure", "data-key")
    assert f"{path}?order=run_name&charts=split" in few.attributes("a", "href")
    assert f"{path}?order=run_name" in split.attributes("a", "href")
    assert [run_id] == panel(split)["rows"]
    assert [run_id] == split.attributes("tr", "data-run")
    assert [run_id] == panel(reader.get(f"/runs?experiments={experiment_id}&charts=only"))["rows"]
    a_run(gate, experiment_id, run_name="another")
    assert not reader.get(f"{path}?filter=run_name='another'").attributes("figure", "data-key")  # it has no metrics
    monkeypatch.setattr(charts_panel, "FEW", 1)
    assert not reader.get(path).attributes("figure", "data-key")


def test_metrics_stand_by_the_part_before_the_slash(gate: Gate, reader: Reader) -> None:
    """Those without one first; what the machine did last and folded; what was pinned on top, in its order."""
    experiment_id = an_experiment(gate)
    logged(gate, experiment_id, "0.1")
    path = f"/experiments/{experiment_id}?charts=split"

    page = reader.get(path)
    pinned = reader.get(f"{path}&charts_pin=val/acc&charts_pin=loss&charts_fold=train&charts_fold=system")

    assert ["loss", "train/acc", "train/loss", "val/acc", "system/cpu"] == charts(page)
    assert ["pinned", ".", "train", "val", "system"] == names(page)
    assert ["pinned", ".", "train", "val"] == names(page, opened=True)
    assert ["val/acc", "loss", "train/acc", "train/loss", "system/cpu"] == charts(pinned)
    assert ["pinned", "system"] == names(pinned, opened=True)


def names(page: Answer, *, opened: bool = False) -> list[str]:
    """The groups of charts of a page, or those that are not folded."""
    found = [attributes for tag, attributes in page.elements if "metric-group" in attributes.get("class", "")]
    return [each.get("data-group", "pinned") for each in found if not opened or "open" in each]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("charts_find=ACC", ["train/acc", "val/acc"]),
        ("charts_find=^(loss|val.*)$&charts_pattern=1", ["loss", "val/acc"]),
        ("charts_find=^(loss|val.*)$", []),
        ("charts_find=nothing&charts_pin=loss", ["loss"]),
    ],
)
def test_metrics_are_found(gate: Gate, reader: Reader, query: str, expected: list[str]) -> None:
    """By a text in any case, or by a regular expression; what is pinned stays."""
    experiment_id = an_experiment(gate)
    logged(gate, experiment_id, "0.1")

    assert expected == charts(reader.get(f"/experiments/{experiment_id}?charts=split&{query.replace('|', '%7C')}"))


def test_a_wrong_expression_is_said_and_hides_nothing(gate: Gate, reader: Reader) -> None:
    """Who types one sees the charts until it is whole."""
    experiment_id = an_experiment(gate)
    logged(gate, experiment_id, "0.1")

    page = reader.get(f"/experiments/{experiment_id}?charts=split&charts_find=(a&charts_pattern=1")

    assert 400 == page.status
    assert "not closed in the regular expression '(a', at character 1" in page.words
    assert len(KEYS) == len(charts(page))


def test_twelve_thousand_metrics_come_in_pages(gate: Gate, reader: Reader) -> None:
    """A page of them is small, and the search finds any."""
    experiment_id = an_experiment(gate)
    keys = tuple(f"layer_{place // 1000}/m{place:05}" for place in range(12_000))
    for logged_keys in (keys, keys[11_000:]):
        logged(gate, experiment_id, "0.1", logged_keys)
    path = f"/experiments/{experiment_id}?charts=split"

    first, second, beyond = (reader.get(f"{path}{more}") for more in ("", "&charts_from=48", "&charts_from=99999999"))
    found = reader.get(f"{path}&charts_find=m11987")
    grouped = reader.get(f"{path}&charts_find=m11987&group=params.lr")
    by_pattern = reader.get(f"{path}&charts_find=^layer_11/.*987$&charts_pattern=1&group=params.lr")

    assert list(sorted(keys)[:PAGE_SIZE]) == charts(first)
    assert list(sorted(keys)[PAGE_SIZE : 2 * PAGE_SIZE]) == charts(second)
    assert sorted(keys)[-1] == charts(beyond)[-1]
    assert "1-48 of 12,000 metrics" in first.words
    assert ["layer_11/m11987"] == charts(found) == charts(grouped) == charts(by_pattern)
    assert len(first.body) < 200_000
    assert len(first.elements) < 3500


def test_chosen_runs_of_other_pages_are_drawn(gate: Gate, reader: Reader) -> None:
    """They have names and looks as those of the rows have."""
    experiment_id = an_experiment(gate)
    old = logged(gate, experiment_id, "0.1", ("old/loss",), run_name="old", start_time=NOW - 1000)
    new = logged(gate, experiment_id, "0.2", run_name="new")
    path = f"/experiments/{experiment_id}?charts=split&filter=params.lr%3D'0.2'"

    page = reader.get(f"{path}&chosen={old}")

    assert [new] == panel(page)["rows"]
    assert ["new", "old"] == [run["name"] for run in panel(page)["runs"]]
    assert "old/loss" in charts(page)
    assert [old] == panel(reader.get(f"{path}&selection={selection(gate, old)}"))["selected"]
    assert 200 == reader.get(f"{path}&chosen=nobody'").status


def selection(gate: Gate, run_id: str) -> str:
    """A list of chosen runs that the server keeps."""
    return gate.ask(CreateSelection(run_ids=[run_id])).selection_id


def test_groups_have_lines_of_their_newest_runs(gate: Gate, reader: Reader) -> None:
    """A bounded number of groups, and of runs of each, however many the table has."""
    experiment_id = an_experiment(gate)
    for place in range(MAX_LINES + 1):
        for age in range(place + 1):
            logged(gate, experiment_id, str(place), ("loss",), start_time=NOW - age, run_name=f"{place} {age}")
    path = f"/experiments/{experiment_id}?charts=split&group=params.lr"

    found = panel(reader.get(path))

    assert [] == found["rows"]
    assert str(MAX_LINES + 1) == found["groups"]
    assert [f"lr {place}" for place in range(MAX_LINES, 0, -1)] == [line["name"] for line in found["lines"]]
    assert [place + 1 for place in range(MAX_LINES, 0, -1)] == [line["of"] for line in found["lines"]]
    assert all(min(line["of"], RUNS_OF_LINES // MAX_LINES) == len(line["runs"]) for line in found["lines"])
    assert MAX_LINES == len({line["look"] for line in found["lines"]})
    [alone] = panel(reader.get(f"{path}&filter=params.lr%3D'3'"))["lines"]
    assert 4 == len(alone["runs"])


def test_long_names_in_legends_are_cut_where_they_are_alike(gate: Gate, reader: Reader) -> None:
    """Names that programs make differ at their end, which is what a legend must show."""
    experiment_id, long = an_experiment(gate), "a-sweep-of-a-model-with-a-name-of-many-words-"
    ids = [logged(gate, experiment_id, "0.1", run_name=f"{long}{end}") for end in ("lr0.1", "lr0.2")]

    runs = panel(reader.get(f"/experiments/{experiment_id}?charts=split"))["runs"]
    words = reader.get(f"/metric?key=loss&runs={','.join(ids)}").words

    assert {f"{long}lr0.1", f"{long}lr0.2"} == {run["name"] for run in runs}
    assert {"…lr0.1", "…lr0.2"} == {run["short"] for run in runs}
    assert "…lr0.1" in words
