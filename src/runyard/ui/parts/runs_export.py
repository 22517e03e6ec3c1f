"""Tables of runs as files, written as their rows come: CSV, JSON and Parquet, with every value in full."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from runyard.core.libraries import required
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.columns import OWN, ColumnChoice, ValueColumn
from runyard.ui.parts.own_columns import Around, own_value

Rows = Iterable[Sequence[list[Any]]]
"""Some rows at a time, each with its values in the order of the columns."""
Write = Callable[[Sequence[str], Rows], Iterator[bytes]]

_ALWAYS = ("run_id", "run_name")
_USUAL = ("status", "start_time", "end_time", "duration", "user_id")
_TIMES = ("start_time", "end_time", "deleted_time")


def columns_of(choice: ColumnChoice, *, several: bool, deleted: bool = False) -> list[ValueColumn]:
    """The columns of a file behind the id and the name: those of the view.

    Where its address names only columns of values, all that runs have themselves stands in front of these.
    """
    if choice.named:
        return [column for column in choice.shown if column.name not in _ALWAYS]
    further = [name for name, shown in (("deleted_time", deleted), ("experiment", several)) if shown]
    own = [ValueColumn(OWN, name) for name in (*_USUAL, *further)]
    return [*own, *(column for column in choice.shown if not column.is_own)]


def head_of(columns: Sequence[ValueColumn]) -> list[str]:
    """The names of the columns of a file; an experiment takes two, for its id and its name."""
    return [*_ALWAYS, *(name for column in columns for name in _names(column))]


def _names(column: ValueColumn) -> tuple[str, ...]:
    return ("experiment_id", "experiment_name") if column.name == "experiment" else (column.name,)


def row_of(run: Run, columns: Sequence[ValueColumn], around: Around) -> list[Any]:
    """The values of a run; None where it has none. Times are with their zone; the duration is in seconds."""
    data: dict[str, Mapping[str, Any]] = {"metrics": run.data.metrics, "params": run.data.params, "tags": run.data.tags}
    row: list[Any] = [run.info.run_id, run.info.run_name]
    for column in columns:
        if not column.is_own:
            row.append(data[column.kind].get(column.key))
        elif column.name == "experiment":
            row.extend((run.info.experiment_id, own_value("experiment", run, around)))
        else:
            value = own_value(column.key, run, around)
            row.append(_instant(value) if column.key in _TIMES else value)
    return row


def write_csv(head: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """Lines with a head. Times are in ISO 8601; what a run does not have is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for piece in rows:
        writer.writerows([[_plain(value) for value in row] for row in piece])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def write_json(head: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A list of objects, one a run, without what the run does not have. NaN and infinities are text, as in the API."""
    before = b"[\n"
    for piece in rows:
        named = (((name, _plain(value)) for name, value in zip(head, row, strict=True)) for row in piece)
        lines = [orjson.dumps({name: value for name, value in row if value is not None}) for row in named]
        if lines:
            yield before + b",\n".join(lines)
            before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def write_parquet(head: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A Parquet file: metrics and the duration as float64, times in UTC with milliseconds, all else as text.

    Raises
    ------
    MissingPackage: pyarrow is not installed.
    """
    pa, pq = required("pyarrow", "A Parquet file"), required("pyarrow.parquet", "A Parquet file")
    kinds = {
        "start_time": pa.timestamp("ms", "UTC"),
        "end_time": pa.timestamp("ms", "UTC"),
        "duration": pa.float64(),
        "runs": pa.int64(),
    }
    types = [kinds.get(name) or (pa.float64() if name.startswith("metrics.") else pa.string()) for name in head]
    schema, sink = pa.schema(list(zip(head, types, strict=True))), _Sink()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for piece in rows:
            columns = [list(column) for column in zip(*piece, strict=True)] or [[] for _ in head]
            writer.write_table(pa.table([pa.array(*pair) for pair in zip(columns, types, strict=True)], schema=schema))
            yield sink.taken()
    yield sink.taken()


WRITERS: dict[str, tuple[str, Write]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "json": ("application/json", write_json),
    "parquet": ("application/vnd.apache.parquet", write_parquet),
}
"""The ends of the addresses of files, with their media types and what writes them."""


class _Sink(io.RawIOBase):
    """A file of which only what was written last is kept."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        """What was written since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def _plain(value: Any) -> Any:
    """The value as CSV and JSON write it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
