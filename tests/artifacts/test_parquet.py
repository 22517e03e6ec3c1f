"""Pages of Parquet files, read by a process of its own."""

import importlib.util
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runyard.artifacts import parquet
from runyard.artifacts.parquet import parquet_page, read_page
from runyard.exceptions import InvalidParameter, MissingPackage

ASKED: dict[str, Any] = {"first": 0, "count": 3, "column": 0, "columns": 40, "sort": None, "descending": False}


def table() -> Any:
    """Twenty rows of all kinds of values."""
    numbers = list(range(20))
    return pa.table(
        {
            "n": numbers,
            "half": [None if n == 7 else n / -2 for n in numbers],
            "when": pa.array([1_700_000_000_000_000_001 + n for n in numbers], pa.timestamp("ns")),
            "bytes": [bytes([n]) * 30 for n in numbers],
            "inner": [{"list": [n, None]} for n in numbers],
            "big": [2**60 + n for n in numbers],
            "text": ["x" * 1000] * 20,
        }
    )


def test_rows_are_read_from_where_they_are() -> None:
    """Groups of rows before them and after them are not touched, and values that JSON lacks are texts."""
    file = io.BytesIO()
    pq.write_table(table(), file, row_group_size=6)

    page = read_page(file, {**ASKED, "first": 10, "count": 4})

    assert (20, 7, 4) == (page["total"], page["width"], page["groups"])
    assert [[11, 10, -5.0], [12, 11, -5.5], [13, 12, -6.0], [14, 13, -6.5]] == [row[:3] for row in page["rows"]]
    when, octets, inner, big, text = page["rows"][0][3:]
    assert when.startswith("2023-11-14 22:13:20.000000011")
    assert octets.endswith("(30 bytes)")
    assert ('{"list": [10, null]}', str(2**60 + 10), 400) == (inner, big, len(text))
    assert [] == read_page(file, {**ASKED, "first": 20})["rows"]


def test_rows_are_sorted_over_all_groups() -> None:
    """Missing values come last, rows keep their numbers, and columns that are not shown can sort."""
    file = io.BytesIO()
    pq.write_table(table(), file, row_group_size=6)

    up = read_page(file, {**ASKED, "sort": 1, "columns": 1})
    last = read_page(file, {**ASKED, "sort": 1, "descending": True, "first": 18})

    assert [[20, 19], [19, 18], [18, 17]] == up["rows"]
    assert [20, 8] == [row[0] for row in last["rows"]]
    with pytest.raises(InvalidParameter, match="have no order"):
        read_page(file, {**ASKED, "sort": 4})
    with pytest.raises(InvalidParameter, match="7 columns"):
        read_page(file, {**ASKED, "sort": 7})


def test_a_page_is_read_by_another_process(tmp_path: Path) -> None:
    """What is wrong with a file is said, and does not end the server."""
    pq.write_table(table(), tmp_path / "t.parquet")
    (tmp_path / "broken.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:-200] + b"PAR1")

    assert [1, 2, 3] == [row[0] for row in parquet_page(str(tmp_path), "t.parquet", **ASKED)["rows"]]
    with pytest.raises(InvalidParameter, match=r"'broken.parquet' cannot be shown"):
        parquet_page(str(tmp_path), "broken.parquet", **ASKED)


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes can stand for more than the machine has."""
    monkeypatch.setattr(parquet, "MEMORY", 800 * 2**20)
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), ["x" * 1_000_000])
    pq.write_table(pa.table({"t": same}), tmp_path / "bomb.parquet", store_schema=False)
    assert (tmp_path / "bomb.parquet").stat().st_size < 1_000_000

    with pytest.raises(InvalidParameter, match="cannot be shown"):
        parquet_page(str(tmp_path), "bomb.parquet", **{**ASKED, "count": 100})


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that installs it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(MissingPackage, match=r"runyard\[parquet\]"):
        parquet_page("/nowhere", "t.parquet", **ASKED)
