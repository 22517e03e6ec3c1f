"""A name, a param or a tag alone finds what it finds beside a condition that holds for all runs, on both databases."""

import itertools

import pytest

from runyard.gate.gate import Gate
from runyard.tracking.runs import pages
from runyard.tracking.runs.messages import DeleteRun, LogParam, SearchRuns
from runyard.tracking.runs.ranges import MAX_FOUND
from tests.factories import a_run, an_experiment

TEXTS = ["a", "A", "β'%", "x" * 199, "x" * 200, "x" * 400]
ORDERS = [[], ["params.p DESC"], ["attributes.duration DESC", "tags.t"]]


@pytest.fixture(scope="module")
def experiments(gate: Gate) -> list[str]:
    """Two, in which four runs each have a text as name, param and tag; one of them is deleted."""
    made = [an_experiment(gate, "texts"), an_experiment(gate, "other texts")]
    for place, (experiment, text) in enumerate(itertools.product(made, TEXTS)):
        for turn in range(4):
            run_id = a_run(gate, experiment, run_name=text, tags={"t": text}, start_time=place // 3)
            gate.perform(LogParam(run_id=run_id, key="p", value=text))
            if turn == 3:
                gate.perform(DeleteRun(run_id=run_id))
    return made


def found(gate: Gate, experiments: list[str], text: str, order_by: list[str], view: str, size: int) -> list[str]:
    """Ids of all that match, page by page."""
    ids: list[str] = []
    token: str | None = ""
    while token is not None:
        message = SearchRuns(
            experiment_ids=experiments,
            filter=text,
            order_by=order_by,
            run_view_type=view,
            max_results=size,
            page_token=token or None,
        )
        answer = gate.perform(message)
        ids += [run["info"]["run_id"] for run in answer.get("runs", [])]
        token = answer.get("next_page_token")
    return ids


@pytest.mark.parametrize(("order_by", "most"), [*((order, MAX_FOUND) for order in ORDERS), ([], 2)], ids=str)
@pytest.mark.parametrize("field", ["run_name", "params.p", "tags.t"])
def test_it_finds_what_the_plain_way_finds(
    gate: Gate, experiments: list[str], field: str, order_by: list[str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each view, in one experiment and in both, whether they are looked up one by one or are too many for that."""
    monkeypatch.setattr(pages, "MAX_FOUND", most)
    for text, (view, of_each) in itertools.product([*TEXTS, "none"], {"ACTIVE_ONLY": 3, "ALL": 4}.items()):
        for chosen in (experiments[:1], experiments):
            condition = f'{field} = "{text}"'
            plain = found(gate, chosen, f"{condition} and status = 'RUNNING'", order_by, view, 50)

            assert plain == found(gate, chosen, condition, order_by, view, 5)
            assert (of_each * len(chosen) if text != "none" else 0) == len(plain)
