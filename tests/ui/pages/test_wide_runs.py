"""Pages of runs with thousands of params, metrics and tags: the first of them, and a search over all."""

import re

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from tests.factories import a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader


def a_wide_run(gate: Gate, number: int = 1000, experiment_id: str | None = None, value: str = "v") -> str:
    """Log this number of params, metrics, system metrics and tags; returns the run's id."""
    run_id = a_run(gate, experiment_id)
    for first in range(0, number, 100):
        places = range(first, min(number, first + 100))
        params = [Param(key=f"p{place:05}", value=f"{value}{place}") for place in places]
        tags = [Tag(key=f"t{place:05}", value=f"{value}{place}") for place in places]
        points = [a_point(f"{kind}{place:05}", place) for kind in ("m", "system/s") for place in places]
        gate.perform(LogBatch(run_id=run_id, params=params, tags=tags, metrics=points))
    return run_id


def shown(page: Answer, prefix: str) -> list[str]:
    """The keys with this prefix that head a row or stand for a metric."""
    return re.findall(rf'(?:<th scope="row">|<td><a href="/metric[^"]*">)({prefix}\d{{5}})<', page.text)


def test_a_wide_runs_page_shows_the_first_of_each_and_how_many_there_are(gate: Gate, reader: Reader) -> None:
    """A page of megabytes would take browsers seconds; the counts say what is not shown."""
    run_id = a_wide_run(gate)

    page = reader.get(f"/runs/{run_id}")

    for prefix, kind in (("p", "params"), ("t", "tags"), ("m", "metrics")):
        rows = shown(page, prefix)
        assert [f"{prefix}{place:05}" for place in range(len(rows))] == rows
        assert 20 < len(rows) <= 200
        assert f" {len(rows)} of 1,000 " in page.words
        assert f"The first {len(rows)} of 1,000 {kind}. Find others" in page.words
    assert len(page.body) < 700_000
    assert 48 == len(page.attributes("line-chart", "source"))


def test_the_page_does_not_grow_with_the_run(gate: Gate, reader: Reader) -> None:
    """Neither its bytes nor its elements."""
    pages = [reader.get(f"/runs/{a_wide_run(gate, number)}") for number in (300, 1500)]

    assert len(pages[1].body) < len(pages[0].body) + 2000
    assert len(pages[0].elements) == len(pages[1].elements)


def test_one_finds_what_is_not_shown(gate: Gate, reader: Reader) -> None:
    """By a part of the key or the value, in any case of letters; the address holds the search."""
    run_id = a_wide_run(gate)

    by_key = reader.get(f"/runs/{run_id}?find=P0098")
    by_value = reader.get(f"/runs/{run_id}?find=V987")
    nothing = reader.get(f"/runs/{run_id}?find=nowhere")

    assert [f"p{place:05}" for place in range(980, 990)] == shown(by_key, "p")
    assert "10 of 1,000" in by_key.words
    assert [] == shown(by_key, "m")
    assert "None of the 1,000 metrics holds this text." in by_key.words
    assert (["p00987"], ["t00987"]) == (shown(by_value, "p"), shown(by_value, "t"))
    assert ["V987"] == [value for value in by_value.attributes("input", "value") if value == "V987"]
    assert "0 of 1,000" in nothing.words
    assert "No tags." not in nothing.words


def test_long_values_make_fewer_rows(gate: Gate, reader: Reader) -> None:
    """Two hundred params of thousands of characters would be a page of a megabyte again."""
    run_id = a_wide_run(gate, 100, value="x" * 5000)

    page = reader.get(f"/runs/{run_id}")

    assert 39 == len(shown(page, "p"))
    assert "39 of 100" in page.words


def test_the_page_of_a_narrow_run_has_no_search(gate: Gate, reader: Reader) -> None:
    """All is in sight."""
    page = reader.get(f"/runs/{a_wide_run(gate, 60)}")

    assert [f"p{place:05}" for place in range(60)] == shown(page, "p")
    assert "find" not in page.attributes("input", "name")


def test_a_metric_of_thousands_is_chosen_by_a_part_of_its_name(gate: Gate, reader: Reader) -> None:
    """A list of thousands to choose from would be most of the page."""
    run_id = a_wide_run(gate)

    page = reader.get(f"/metric?key=m00987&runs={run_id}")
    several = reader.get(f"/metric?key=s0098&runs={run_id}")

    assert [] == page.attributes("option", "value") == re.findall("<option", page.text)
    assert "m00987" in page.attributes("input", "value")
    assert len(page.body) < 20_000
    assert "10 metrics of 2,000 with" in several.words
    assert f"/metric?key=system/s00987&runs={run_id}" in several.attributes("a", "href")


def test_wide_runs_compare_by_their_first_differences(gate: Gate, reader: Reader) -> None:
    """Each kind says how many there are; a part of a name finds the others."""
    experiment_id = an_experiment(gate)
    ids = [a_wide_run(gate, 1000, experiment_id), a_wide_run(gate, 1000, experiment_id, value="w")]

    page = reader.get(f"/compare?runs={','.join(ids)}")
    found = reader.get(f"/compare?runs={','.join(ids)}&find=p0098&differences=all")

    assert [f"p{place:05}" for place in range(200)] == shown(page, "p")
    assert "Metrics, latest · 1,000 equal hidden" in page.words
    assert "Params · the first 200 of 1,000" in page.words
    assert len(page.body) < 200_000
    assert [f"p{place:05}" for place in range(980, 990)] == shown(found, "p")
    assert {"all", "p0098"} <= set(found.attributes("input", "value"))
