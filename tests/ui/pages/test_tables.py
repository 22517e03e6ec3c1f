"""Tables that several runs logged, shown as one."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runyard.core.tags import TABLES_TAG
from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import SetTag
from runyard.ui.parts import run_tables
from runyard.ui.parts.previews import look
from tests.factories import a_run, an_experiment
from tests.ui.asking import Answer, Reader
from tests.ui.stories import keep

PATH = "eval/answers.json"
PICTURE = {"type": "image", "filepath": "table_images/a.png", "compressed_filepath": "table_images/a.webp"}


def a_run_with(gate: Gate, experiment_id: str, name: str, columns: list[Any], *rows: list[Any]) -> str:
    """A run that logged a table as `log_table` does."""
    run_id = a_run(gate, experiment_id, run_name=name)
    keep(gate, run_id, PATH, json.dumps({"columns": columns, "data": rows}))
    said(gate, run_id, PATH)
    return run_id


def said(gate: Gate, run_id: str, *paths: str) -> None:
    """Let a run say where it logged tables."""
    entries = [{"path": path, "type": "table"} for path in paths]
    gate.perform(SetTag(run_id=run_id, key=TABLES_TAG, value=json.dumps(entries)))


def rows_of(page: Answer) -> list[str]:
    """The texts of the table's rows, cells with bars between them."""
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [Answer(200, {}, row.replace("</td>", "|").encode()).words.strip() for row in body.split("</tr>")[:-1]]


def test_rows_of_all_runs_stand_below_each_other(gate: Gate, reader: Reader) -> None:
    """By the names of columns, in whatever order each run has them; sorted over all runs."""
    experiment_id = an_experiment(gate)
    first = a_run_with(gate, experiment_id, "first", ["q", "score"], ["a", 0.5], ["b", 10])
    second = a_run_with(gate, experiment_id, "second", ["score", "q", "new"], [2, "a", PICTURE])
    keep(gate, second, PICTURE["compressed_filepath"], b"x")
    third = a_run(gate, experiment_id, run_name="third")
    address = f"/tables?runs={first},{second},{third}"

    page, ordered = reader.get(address), reader.get(f"{address}&sort=-3")

    assert ["1 | first | a| 0.5| |", "2 | first | b| 10| |", "3 | second | a| 2| |"] == rows_of(page)
    assert "third has no such table" in page.words
    assert f"/get-artifact?run_id={second}&path=table_images/a.webp" in page.attributes("img", "src")
    assert ["2", "3", "1"] == [row.partition(" |")[0] for row in rows_of(ordered)]
    assert 400 == reader.get(f"{address}&sort=9").status


def test_tables_in_parquet_files_are_put_together_too(gate: Gate, reader: Reader) -> None:
    """The path chooses the table where runs have several."""
    run_id = a_run_with(gate, an_experiment(gate), "first", ["q"], ["a"])
    file = io.BytesIO()
    pq.write_table(pa.table({"n": [1, 2]}), file)
    keep(gate, run_id, "t.parquet", file.getvalue())
    said(gate, run_id, PATH, "t.parquet")

    page = reader.get(f"/tables?runs={run_id}&path=t.parquet")

    assert ["1 | first | 1|", "2 | first | 2|"] == rows_of(page)
    alone = reader.get(f"/runs/{run_id}/artifacts?path=t.parquet&one=2")
    assert "Row 2 of 2 Back to the table Previous 1 column n 2" in alone.words


def test_large_tables_wait_to_be_asked_for(gate: Gate, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """And those that are too large together are refused."""
    run_id = a_run_with(gate, an_experiment(gate), "first", ["q"], ["a" * 1000])
    monkeypatch.setattr(look, "UNASKED", 500)

    waiting = reader.get(f"/tables?runs={run_id}")

    assert "These tables are large" in waiting.words
    [link] = [href for href in waiting.attributes("a", "href") if "all=1" in href]
    assert 1 == len(rows_of(reader.get(link)))
    monkeypatch.setattr(run_tables, "WHOLE", 600)
    assert (400, True) == ((refused := reader.get(link)).status, "Choose fewer runs" in refused.words)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("not json", "have logged no tables"),
        ('[{"path": 5, "type": "table"}, "x"]', "have logged no tables"),
        ('[{"path": "gone.json", "type": "table"}]', "No artifact"),
        ('[{"path": "../../x", "type": "table"}]', "Invalid path"),
        ('[{"path": "other.json", "type": "table"}]', "is not a table"),
    ],
)
def test_what_a_tag_says_wrongly_is_told(gate: Gate, reader: Reader, tag: str, words: str) -> None:
    """Anyone may have written it."""
    run_id = a_run(gate)
    keep(gate, run_id, "other.json", "[1]")
    gate.perform(SetTag(run_id=run_id, key=TABLES_TAG, value=tag))

    page = reader.get(f"/tables?runs={run_id}")

    assert (200, True) == (page.status, words in page.words)
