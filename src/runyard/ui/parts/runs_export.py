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
from runyard.ui.parts.columns import ValueColumn
from runyard.ui.parts.presentation import ended, took, user

Rows = Iterable[Sequence[list[Any]]]
"""Some rows at a time, each with its values in the order of the columns."""
Write = Callable[[Sequence[str], Rows], Iterator[bytes]]

_INFO: tuple[tuple[str, Callable[[Run], Any]], ...] = (
    ("run_id", lambda run: run.info.run_id),
    ("run_name", lambda run: run.info.run_name),
    ("status", lambda run: run.info.status),
    ("start_time", lambda run: _instant(run.info.start_time)),
    ("end_time", lambda run: _instant(ended(run))),
    ("duration", lambda run: None if (milliseconds := took(run)) is None else milliseconds / 1000),
    ("user_id", lambda run: user(run) or None),
)
"""Times are with their zone; the duration is in seconds."""


def head_of(columns: Sequence[ValueColumn], experiments: Mapping[str, str] | None = None) -> list[str]:
    """The names of the columns of a file; with names of experiments, also those that tell whose run it is."""
    whose = ["experiment_id", "experiment_name"] if experiments is not None else []
    return [*(name for name, _ in _INFO), *whose, *(column.name for column in columns)]


def row_of(run: Run, columns: Sequence[ValueColumn], experiments: Mapping[str, str] | None = None) -> list[Any]:
    """The values of a run; None where it has none."""
    data: dict[str, Mapping[str, Any]] = {"metrics": run.data.metrics, "params": run.data.params, "tags": run.data.tags}
    number = run.info.experiment_id
    whose = [number, experiments.get(number)] if experiments is not None else []
    return [*(read(run) for _, read in _INFO), *whose, *(data[column.kind].get(column.key) for column in columns)]


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
