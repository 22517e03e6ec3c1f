"""The comparison of runs, and the page of one metric."""

import re
from urllib.parse import quote

import sqlalchemy as sa

from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from runyard.ui.parts.compare_state import TABS
from tests.factories import a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader
from tests.ui.pages.test_budgets import MAX_ELEMENTS
from tests.ui.pages.test_wide_runs import a_wide_run, shown
from tests.ui.stories import a_story

MAX_STATEMENTS = 16
"""Of any tab."""


def marked(page: Answer) -> list[str]:
    """The rows marked as different."""
    rows = page.text.split("<tr")
    return [row.split('<th scope="row">')[1].split("<")[0] for row in rows if row.startswith(' class="differs')]


def deltas(page: Answer) -> list[tuple[str, str]]:
    """The differences from the baseline, and how they are judged."""
    return re.findall(r'<small(?: class="(\w+)")?>([+\N{MINUS SIGN}][^<]*)</small>', page.text)


def statements_of(gate: Gate) -> list[str]:
    """A list to which every statement is added that reading takes."""
    seen: list[str] = []

    def note(text: str) -> None:
        if not text.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(text)

    sa.event.listen(gate.engines.reading, "checkout", lambda connection, *_: connection.set_trace_callback(note))
    return seen


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


def test_the_switch_goes_both_ways(gate: Gate, reader: Reader) -> None:
    """What is hidden can be shown again, whether the address or the length of the table hid it."""
    ids = ",".join(a_story(gate).run_ids)
    switched = {}
    for query in ("", "&differences=only", "&differences=all"):
        page = reader.get(f"/compare?runs={ids}{query}")
        switched[query] = [
            attributes["href"] for _, attributes in page.elements if attributes.get("id") == "differences-switch"
        ]

    assert [f"/compare?runs={ids}&differences=only"] == switched[""] == switched["&differences=all"]
    assert [f"/compare?runs={ids}&differences=all"] == switched["&differences=only"]


def test_numbers_say_how_far_they_are_from_the_baseline(gate: Gate, reader: Reader) -> None:
    """With the direction of better where the metric's name tells it; any run can be the baseline."""
    first, second, third = (a_run(gate) for _ in range(3))
    for run_id, value in ((first, 0.5), (second, 0.25), (third, 0.75)):
        points = [a_point("loss", value), a_point("size", value), a_point("val/acc", value)]
        gate.perform(LogBatch(run_id=run_id, metrics=points))
    address = f"/compare?tab=metrics&runs={first},{second},{third}"

    page, turned = reader.get(address), reader.get(f"{address}&baseline={third}")

    assert deltas(page) == [
        ("better", "\N{MINUS SIGN}0.2500"), ("worse", "+0.2500"),
        ("", "\N{MINUS SIGN}0.2500"), ("", "+0.2500"),
        ("worse", "\N{MINUS SIGN}0.2500"), ("better", "+0.2500"),
    ]  # fmt: skip
    assert [("better", "\N{MINUS SIGN}0.2500"), ("better", "\N{MINUS SIGN}0.5000")] == deltas(turned)[:2]


def test_better_is_what_the_table_was_told(gate: Gate, reader: Reader) -> None:
    """What was chosen for the column of a metric holds here too, whatever its name tells."""
    first, second = (a_run(gate) for _ in range(2))
    for run_id, value in ((first, 0.5), (second, 0.25)):
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point(key, value) for key in ("a:b", "loss", "size")]))
    best = "&best=metrics.a:b:most&best=metrics.loss:none&best=metrics.size:least&best=metrics.size:nonsense"
    address = f"/compare?tab=metrics&runs={first},{second}{best}"

    page = reader.get(address)
    sent = reader.get(f"/compare?runs={first}&runs={second}&back={quote('order=metrics.size ASC' + best)}")

    assert ["worse", "", "better"] == [judged for judged, _ in deltas(page)]
    assert (303, f"/compare?runs={first},{second}{best}") == (sent.status, sent.headers["location"])
    tabs = [at["href"] for tag, at in page.elements if tag == "a" and "tab=groups" in at.get("href", "")]
    assert best in tabs[0]


def test_runs_are_rows_when_one_wants(gate: Gate, reader: Reader) -> None:
    """Fifty runs of few settings are read downwards; what differs is marked in the heads."""
    run_ids = a_story(gate).run_ids
    page = reader.get(f"/compare?by=rows&runs={','.join(run_ids)}")

    assert list(run_ids) == page.attributes("tr", "data-run")
    heads = re.findall(r'<th scope="col"( class="differs")? title="(\w+)">', page.text)
    assert [(' class="differs"', "lr"), ("", "seed")] == heads[:2]


def test_rows_come_in_pages(gate: Gate, reader: Reader) -> None:
    """All of thousands of params can be reached; the page says which it shows."""
    experiment_id = an_experiment(gate)
    runs = ",".join(a_wide_run(gate, 500, experiment_id, value) for value in ("v", "w"))

    page = reader.get(f"/compare?tab=params&runs={runs}")
    [following] = [attributes["href"] for _, attributes in page.elements if attributes.get("rel") == "next"]
    second = reader.get(following)

    assert "Params · the first 200 of 500" in page.words
    assert [f"p{place:05}" for place in range(200, 400)] == shown(second, "p")
    assert "201-400 of 500" in second.words
    assert ["prev", "next"] == second.attributes("a", "rel")


def test_fifty_runs_are_one_page_of_few_questions(gate: Gate, reader: Reader) -> None:
    """As many statements as for two, in every tab, and not more elements than a browser lays out at once."""
    experiment_id = an_experiment(gate)
    run_ids = [a_wide_run(gate, 40, experiment_id, f"v{place}") for place in range(50)]
    seen = statements_of(gate)
    for tab, _ in TABS:
        taken = {}
        for some, way in ((2, "columns"), (3, "columns"), (50, "columns"), (50, "rows")):
            address = f"/compare?tab={tab}&by={way}&runs={','.join(run_ids[:some])}"
            reader.get(address)
            seen.clear()
            page = reader.get(address)
            taken[some, way] = len(seen)
            assert 200 == page.status
            assert len(page.elements) <= MAX_ELEMENTS, (tab, way)
            assert len(seen) <= MAX_STATEMENTS, (tab, way)
        assert taken[3, "columns"] == taken[50, "columns"] == taken[50, "rows"], (tab, taken)


def test_there_is_one_chart_a_metric_with_all_runs(gate: Gate, reader: Reader) -> None:
    """Runs lie over each other in the chart; their ids, 1,650 bytes of fifty, stand once for all charts."""
    ids = ",".join(a_story(gate).run_ids)
    page = reader.get(f"/compare?tab=metrics&runs={ids}")
    alone = reader.get(f"/compare?tab=metrics&runs={ids[:32]}")

    assert ["/ui/metrics?key=loss", "/ui/metrics?key=nan"] == page.attributes("line-chart", "source")
    assert [ids] == page.attributes("div", "data-of")
    assert f"/ui/metrics?key=loss&runs={ids[:32]}" == alone.attributes("line-chart", "source")[0]
    assert [] == alone.attributes("div", "data-of")


def test_a_run_is_left_out_of_the_comparison(gate: Gate, reader: Reader) -> None:
    """The address that follows is the short one again, with all else that was chosen; the last run stays."""
    first, second, third = a_story(gate, runs=3).run_ids
    address = f"/compare?tab=params&runs={first},{second},{third}"

    assert [first, second, third] == [
        at["value"] for tag, at in reader.get(address).elements if tag == "button" and at.get("name") == "without"
    ]
    left = reader.get(f"{address}&without={second}")
    assert (303, f"/compare?tab=params&runs={first},{third}") == (left.status, left.headers["location"])
    assert f"/compare?runs={first}" == reader.get(f"/compare?runs={first}&without={first}").headers["location"]


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


def test_too_many_runs_are_put_together(gate: Gate, reader: Reader) -> None:
    """A page of a thousand columns helps nobody: groups and charts of all of them do."""
    experiment_id = an_experiment(gate)
    run_ids = [a_run(gate, experiment_id) for _ in range(51)]
    for place, run_id in enumerate(run_ids):
        params = [Param(key="lr", value=str(place % 3)), Param(key="name", value=f"of {place}")]
        gate.perform(LogBatch(run_id=run_id, params=params, metrics=[a_point("loss", float(place))]))

    page = reader.get(reader.get(f"/compare?runs={','.join(run_ids)}").headers["location"])
    groups, charts, first = (href for href in page.attributes("a", "href") if "run" in href)

    assert "Compare 51 runs" in page.words
    assert "At most 50 runs can stand side by side" in page.words
    assert "1-3 of 3 groups" in reader.get(groups).words
    assert "1-51 of 51 runs" in reader.get(charts).words
    assert "Compare 50 runs" in reader.get(first).words
    assert 303 == reader.get(f"/compare/many?runs={','.join(run_ids[:2])}").status


def test_too_many_runs_that_are_not_there_are_refused(reader: Reader) -> None:
    """As fewer are."""
    page = reader.get(f"/compare/many?runs={','.join(f'{number:032}' for number in range(51))}")

    assert 404 == page.status
    assert "No run has the" in page.words


def test_a_metrics_page_has_the_values_in_words(gate: Gate, reader: Reader) -> None:
    """Who cannot see the chart reads first, last, least, greatest and every point."""
    page = reader.get(f"/metric?key=loss&runs={a_story(gate, runs=1).run_ids[0]}")

    assert "0.333333" in page.words
    assert "3 points as a table" in page.words
