"""The comparison of runs, and the page of one metric."""

from runyard.gate.gate import Gate
from tests.factories import a_run
from tests.ui.asking import Answer, Reader
from tests.ui.stories import a_story


def marked(page: Answer) -> list[str]:
    """The rows marked as different."""
    rows = page.text.split("<tr")
    return [row.split('<th scope="row">')[1].split("<")[0] for row in rows if row.startswith(' class="differs')]


def test_params_that_differ_are_marked(gate: Gate, reader: Reader) -> None:
    """The eye goes to what could explain the difference."""
    page = reader.get(f"/compare?runs={','.join(a_story(gate).run_ids)}")

    assert "lr" in marked(page)
    assert "seed" not in marked(page)
    assert "seed" in page.words


def test_only_differences_hides_the_rest_and_says_how_much(gate: Gate, reader: Reader) -> None:
    """Hidden rows are counted, so nobody thinks they were never logged."""
    page = reader.get(f"/compare?runs={','.join(a_story(gate).run_ids)}&differences=only")

    assert "1 equal hidden" in page.words
    assert "seed" not in page.words


def test_there_is_one_chart_a_metric_with_all_runs(gate: Gate, reader: Reader) -> None:
    """Runs lie over each other in the chart."""
    ids = ",".join(a_story(gate).run_ids)
    page = reader.get(f"/compare?runs={ids}")

    assert [f"/ui/metrics?key=loss&runs={ids}", f"/ui/metrics?key=nan&runs={ids}"] == page.attributes(
        "line-chart", "source"
    )


def test_the_forms_address_becomes_the_short_one(gate: Gate, reader: Reader) -> None:
    """Without scripts the boxes send one parameter a run; what is shared should be short."""
    first, second = a_story(gate, runs=2).run_ids
    answer = reader.get(f"/compare?runs={first}&runs={second}")

    assert (303, f"/compare?runs={first},{second}") == (answer.status, answer.headers["location"])


def test_runs_of_several_experiments_compare(gate: Gate, reader: Reader) -> None:
    """The same model in another experiment is the usual rival."""
    page = reader.get(f"/compare?runs={a_run(gate)},{a_run(gate)}")

    assert page.status == 200
    assert "experiment" in marked(page)


def test_too_many_runs_are_refused_with_the_limit(reader: Reader) -> None:
    """A page of a thousand columns helps nobody."""
    page = reader.get(f"/compare?runs={','.join(f'r{number}' for number in range(51))}")

    assert page.status == 400
    assert "at most 50" in page.words


def test_a_metrics_page_has_the_values_in_words(gate: Gate, reader: Reader) -> None:
    """Who cannot see the chart reads first, last, least, greatest and every point."""
    page = reader.get(f"/metric?key=loss&runs={a_story(gate, runs=1).run_ids[0]}")

    assert "0.333333" in page.words
    assert "3 points as a table" in page.words
