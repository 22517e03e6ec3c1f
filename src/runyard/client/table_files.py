"""The files of tables: JSON documents of columns and rows, and Parquet."""

import io
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from runyard.client.cells import Cells
from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter

if TYPE_CHECKING:
    import pandas as pd

PARQUET = ".parquet"
ENDINGS = (".json", PARQUET)


def addition(frame: "pd.DataFrame", path: str, cells: Cells) -> Callable[[bytes | None], bytes]:
    """A change of a table's file that appends these rows.

    The rows are looked at here, once, however often the function is called.
    """
    if path.endswith(PARQUET):
        rows = cells.frame(frame)
        return lambda content: _with_rows(content, rows, path)
    columns = [cells.cell(name) for name in frame.columns]
    data = [list(row) for row in zip(*cells.columns(frame), strict=True)]
    return lambda content: _document(content, columns, data, path)


def addition_of_file(added: bytes, path: str) -> Callable[[bytes | None], bytes]:
    """A change of a table's file that appends the rows of another such file."""
    if path.endswith(PARQUET):
        rows = read_table(added, path)
        return lambda content: _with_rows(content, rows, path)
    columns, data = _read(added, path)
    return lambda content: _document(content, columns, data, path)


def read_table(content: bytes, path: str) -> "pd.DataFrame":
    """The table that a file holds.

    Raises
    ------
    InvalidParameter: It does not hold a table.
    """
    pandas = pandas_of_tables()
    if path.endswith(PARQUET):
        return _parquet(lambda: pandas.read_parquet(io.BytesIO(content)), path)  # type: ignore[no-any-return]
    columns, data = _read(content, path)
    names = [tuple(name) if isinstance(name, list) else name for name in columns]
    frame: pd.DataFrame = pandas.DataFrame(
        data, columns=pandas.MultiIndex.from_tuples(names) if _deep(names) else names
    )
    return frame


def _deep(names: Sequence[Any]) -> bool:
    return bool(names) and all(isinstance(name, tuple) for name in names)


def _document(content: bytes | None, columns: list[Any], data: list[list[Any]], path: str) -> bytes:
    """The document with rows added; its cells stay as they are."""
    before, rows = _read(content, path) if content is not None else (columns, [])
    if before == columns:
        whole = {"columns": columns, "data": [*rows, *data]}
    else:
        missing = [name for name in columns if name not in before]
        place = {json.dumps(name): number for number, name in enumerate(columns)}
        chosen = [place.get(json.dumps(name)) for name in (*before, *missing)]
        added = [[None if number is None else row[number] for number in chosen] for row in data]
        whole = {"columns": [*before, *missing], "data": [row + [None] * len(missing) for row in rows] + added}
    return json.dumps(whole, separators=(",", ":")).encode()


def _read(content: bytes, path: str) -> tuple[list[Any], list[list[Any]]]:
    try:
        document = json.loads(content)
        columns, data = document["columns"], document["data"]
    except (ValueError, TypeError, KeyError):
        columns = data = None
    if not isinstance(columns, list) or not isinstance(data, list):
        raise InvalidParameter(
            f"What is stored at {path!r} is not a table: an object with 'columns' and 'data' is needed."
        )
    return columns, data


def _with_rows(content: bytes | None, rows: "pd.DataFrame", path: str) -> bytes:
    pandas, written = pandas_of_tables(), io.BytesIO()
    whole = rows if content is None else pandas.concat([read_table(content, path), rows], ignore_index=True)
    _parquet(lambda: whole.to_parquet(written, index=False), path)
    return written.getvalue()


def _parquet(work: Callable[[], Any], path: str) -> Any:
    pyarrow = required("pyarrow", "Tables in Parquet files")
    try:
        return work()
    except (pyarrow.ArrowException, ValueError, TypeError, OverflowError) as problem:
        raise InvalidParameter(f"The table {path!r} does not fit into a Parquet file: {problem}") from None


def pandas_of_tables() -> Any:
    """The pandas module.

    Raises
    ------
    MissingPackage: It is not installed.
    """
    return required("pandas", "Working with tables")
