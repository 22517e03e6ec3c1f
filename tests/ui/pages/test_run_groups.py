"""The table of runs in groups."""

import csv
import io
import json
import math
import re
from urllib.parse import quote

import pytest

from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from runyard.tracking.selections.messages import GetSelection
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader


@pytest.fixture
def path(gate: Gate) -> str:
    """The page of an experiment of three seeds each of two learning rates, and a run without a rate."""
    experiment_id = an_experiment(gate)
    losses = {"0.1": (1.0, 2.0, 3.0), 'it\'s "b"': (4.0, math.nan, 8.0), None: (0.5,)}
    started = NOW
    for rate, values in losses.items():
        for seed, loss in enumerate(values):
            run_id = a_run(gate, experiment_id, run_name=f"{rate}-{seed}", start_time=(started := started + 1))
            params = [Param(key="seed", value=str(seed)), *([Param(key="lr", value=rate)] if rate else [])]
            points = [a_point("loss", loss), a_point("acc", 1 - loss / 10)]
            gate.perform(LogBatch(run_id=run_id, params=params, metrics=points))
    return f"/experiments/{experiment_id}"


def rows(page: Answer) -> list[list[str]]:
    """The texts of the cells of the groups, and of the runs below those that are open."""
    body = page.text.partition("<tbody>")[2]
    return [
        [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.split(r"<td[^>]*>", row)[2:]]
        for row in body.split("</tr>")[:-1]
    ]


def opened(page: Answer, place: int) -> str:
    """The address that opens a group of the page, or closes it."""
    return [each["href"] for tag, each in page.elements if tag == "a" and "aria-expanded" in each][place]


def test_groups_stand_with_what_their_metrics_come_to(path: str, reader: Reader) -> None:
    """The largest first; what is shown of metrics can be changed, and the whole is said on pointing."""
    page = reader.get(f"{path}?group=params.lr&col=metrics.loss&col=metrics.acc")

    assert ["0.1", "3", "2.000 ± 1.000", "0.8000 ± 0.1000"] == rows(page)[0]
    assert ["it&#39;s &#34;b&#34;", "3", "6.000 ± 2.828"] == rows(page)[1][:3]
    assert ["none", "1", "0.500", "0.9500"] == rows(page)[2]
    assert "1-3 of 3 groups" in page.words
    assert any("2 with a number, 1 NaN" in title for title in page.attributes("td", "title"))
    shown = {
        stat: rows(reader.get(f"{path}?group=params.lr&col=metrics.loss&col=metrics.acc&stat={stat}"))[0][2:]
        for stat in ("sd", "min", "max", "best")
    }
    assert {
        "sd": ["1.000", "0.1000"],
        "min": ["1.000", "0.7000"],
        "max": ["3.000", "0.9000"],
        "best": ["1.000", "0.9000"],
    } == shown


def test_heads_sort_groups(path: str, reader: Reader) -> None:
    """By name, number of runs, and what is shown of a metric; a first click on a loss puts the least first."""
    page = reader.get(f"{path}?group=params.lr&col=metrics.loss&stat=best")
    heads = [each["href"] for tag, each in page.elements if tag == "a" and "Sort groups" in each.get("title", "")]

    for head, first, last in (
        (heads[0], "0.1", "none"),
        (heads[1], "none", "it&#39;s &#34;b&#34;"),
        (heads[2], "none", "it&#39;s &#34;b&#34;"),
    ):
        found = reader.get(head)
        assert 'aria-sort="' in found.text
        assert [first, last] == [rows(found)[0][0], rows(found)[-1][0]]


def test_the_best_of_a_group_is_the_value_that_was_chosen_as_such(path: str, reader: Reader) -> None:
    """By the metric's name until a reader says otherwise; the order by the best turns along, and the best is marked."""
    order = quote("min(metrics.loss) ASC")
    by_name = reader.get(f"{path}?group=params.lr&col=metrics.loss&stat=best&group_order={order}")
    links = [each for tag, each in by_name.elements if tag == "a" and each.get("class") == "goal"]

    turned = reader.get(links[0]["href"])

    assert ["The least loss is the best; take the greatest"] == [each["title"] for each in links]
    assert "1.000" == next(row[2] for row in rows(by_name) if row[0] == "0.1")
    assert "3.000" == next(row[2] for row in rows(turned) if row[0] == "0.1")
    assert "group_order=max%28metrics.loss%29" in links[0]["href"].replace("(", "%28").replace(")", "%29")
    assert 1 == len(by_name.attributes("th", "aria-sort")) == len(turned.attributes("th", "aria-sort"))
    assert 1 == turned.attributes("td", "class").count("b")


def test_an_opened_group_shows_its_runs(path: str, reader: Reader) -> None:
    """In the order of the address, which says what is open; the way to all of them as a table keeps the filter."""
    view = f"group=params.lr&group=status&order={quote('metrics.loss DESC')}&filter={quote('metrics.acc < 1')}"
    address = f"{path}?{view}&col=metrics.loss"
    page = reader.get(opened(reader.get(address), 0))

    assert [["0.1-2", "3"], ["0.1-1", "2"], ["0.1-0", "1"]] == [
        [row[0].split(" ")[0].split("\n")[0], row[2]] for row in rows(page)[1:4]
    ]
    assert ["true", "false", "false"] == page.attributes("a", "aria-expanded")
    assert rows(reader.get(opened(page, 0))) == rows(reader.get(address))
    alone = re.search(r'<a href="([^"]*)"[^>]*>These runs as a table', page.text)
    assert alone
    table = reader.get(alone[1].replace("&amp;", "&"))
    assert "1-3 of 3 runs" in table.words
    assert "Grouped by" not in table.words


def test_a_group_is_chosen_beside_other_runs(gate: Gate, path: str, reader: Reader) -> None:
    """Its runs, by a button that needs no script."""
    view = "group=params.lr"
    page = reader.get(f"{path}?{view}")
    filters = [each["value"] for tag, each in page.elements if tag == "button" and each.get("name") == "only"]
    other = a_run(gate)

    answer = reader.send(f"/ui{path}/choose-all", only=filters[1], chosen=other, back=view, view="active")

    selection = re.search(r"selection=(\w+)", answer.headers["location"])
    assert selection
    assert "group=params.lr" in answer.headers["location"]
    chosen = gate.ask(GetSelection(selection_id=selection[1])).run_ids
    assert (4, other) == (len(chosen), chosen[0])


def test_the_file_of_a_view_in_groups_has_the_groups(path: str, reader: Reader) -> None:
    """With every figure in full."""
    query = "group=params.lr&col=metrics.loss&group_order=group"

    table = list(csv.DictReader(io.StringIO(reader.get(f"{path}.csv?{query}").text)))
    listed = json.loads(reader.get(f"{path}.json?{query}").body)

    assert ["0.1", 'it\'s "b"', ""] == [row["params.lr"] for row in table]
    assert ["3", "2.0", "1.0", "1.0", "3.0", "3", "0", "0"] == list(table[0].values())[1:]
    assert [1, 0] == [listed[1]["metrics.loss.nan"], listed[1]["metrics.loss.missing"]]
    assert reader.get(f"{path}.parquet?{query}").body.startswith(b"PAR1")


def test_the_panel_offers_what_runs_can_be_grouped_by(path: str, reader: Reader) -> None:
    """Params, what is typed, and what runs have beside them; other forms and links carry the choice along."""
    page = reader.get(f"{path}?group=tags.team&order={quote('run_name ASC')}&stat=max&view=all")
    boxes = {
        each["value"]: "checked" in each
        for tag, each in page.elements
        if tag == "input" and each.get("name") == "group" and each["type"] == "checkbox"
    }

    assert {
        "tags.team": True,
        "params.lr": False,
        "params.seed": False,
        "dataset": False,
        "status": False,
        "user": False,
    } == boxes
    assert 2 == len(
        [
            each
            for tag, each in page.elements
            if tag == "input" and each.get("name") == "group" and each["type"] == "hidden"
        ]
    )
    assert any("group=tags.team" in href and "view=deleted" in href for href in page.attributes("a", "href"))


def test_what_cannot_be_grouped_by_is_said(path: str, reader: Reader) -> None:
    """With what can be."""
    page = reader.get(f"{path}?group=lr")

    assert 400 == page.status
    assert "Runs cannot be grouped by 'lr'. Give params.KEY" in page.words
