"""Reads a page of a Parquet file, in a process of its own with limits on memory and time.

The file may be written to do harm: a small one can unpack to more than the machine has, a broken one can end the
process that reads it. So a server starts this module as a program for each page, and does not load pyarrow itself.
"""

import importlib
import importlib.util
import json
import resource
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from runyard._missing import EXTRAS
from runyard.artifacts.locations import server_repository
from runyard.artifacts.ranges import ranged
from runyard.exceptions import InvalidParameter, MissingPackage, RunyardException, Unavailable

MEMORY = 4 * 2**30
"""Bytes of addresses that the process may use."""
SECONDS = 20
AT_ONCE = 2
"""Processes that may run at the same time."""
MOST_SORTED = 256 * 2**20
"""Bytes of the columns, unpacked, that are read to sort a table."""
CUT = 400
"""Characters of a cell, unless others are asked for."""
_FOOTER = 64 * 2**20
_BATCH = 4096

_Rows = tuple[Any, Iterable[int]]
"""Rows of pyarrow, and their numbers in the file."""

_turns = threading.BoundedSemaphore(AT_ONCE)


def parquet_page(place: str, path: str, **asked: Any) -> dict[str, Any]:
    """Some rows and columns of a Parquet file, read by the groups of rows that hold them.

    Parameters
    ----------
    place: The place that holds it, as `server_repository` takes it.
    path: Its path there.
    asked: `first` row and `count` of rows, `column` and `columns` (the first one, and their number); `sort` by the
        column of this number unless that is None, `descending` or not; `cut`: characters of a cell, else `CUT`.

    Returns
    -------
    ``names`` of the columns asked for, ``types``, ``width``, ``total``, ``groups`` and ``rows``: the number of each
    row in the file, from 1, before its cells.

    Raises
    ------
    MissingPackage: pyarrow is not installed.
    InvalidParameter: It is not such a file, or too large for what was asked.
    Unavailable: Too many are being read.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingPackage(*EXTRAS["pyarrow"], "Showing Parquet files")
    question = json.dumps({"place": place, "path": path, "memory": MEMORY, **asked})
    if not _turns.acquire(timeout=SECONDS):
        raise Unavailable("Other Parquet files are being read. Try again in a moment.")
    try:
        command = [sys.executable, "-P", "-m", "runyard.artifacts.parquet"]
        done = subprocess.run(command, input=question, capture_output=True, text=True, timeout=2 * SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise InvalidParameter(f"{path!r} could not be read within {2 * SECONDS} seconds. Download it.") from None
    finally:
        _turns.release()
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise InvalidParameter(
            f"{path!r} cannot be shown: it is broken, or to read it takes over {MEMORY >> 20:,} MB of memory or "
            f"{SECONDS} seconds. Download it."
        ) from None
    if "error" in answer:
        raise InvalidParameter(f"{path!r} cannot be shown: {answer['error']}")
    return answer


def read_page(source: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """The page of an open file, as `parquet_page` returns it.

    Raises
    ------
    InvalidParameter: It cannot be sorted.
    """
    parquet: Any = importlib.import_module("pyarrow.parquet")
    limits = {"thrift_string_size_limit": _FOOTER, "thrift_container_size_limit": 1_000_000}
    file = parquet.ParquetFile(source, buffer_size=2**16, pre_buffer=False, **limits)
    fields = list(file.schema_arrow)
    shown = fields[asked["column"] : asked["column"] + asked["columns"]]
    names = [field.name for field in shown]
    answer = {
        "names": [name[:CUT] for name in names],
        "types": [str(field.type)[:CUT] for field in shown],
        "width": len(fields),
        "total": file.metadata.num_rows,
        "groups": file.metadata.num_row_groups,
    }
    if asked.get("sort") is not None:
        found = _sorted(file, fields, names, asked)
    else:
        found = _in_order(file, names, asked["first"], asked["count"])
    cut = asked.get("cut", CUT)
    answer["rows"] = [row for rows, numbers in found for row in _texts(rows, numbers, cut)]
    return answer


def _in_order(file: Any, names: list[str], first: int, count: int) -> Iterator[_Rows]:
    """Rows in the order of the file: groups of rows before them are not read."""
    before = 0
    for group in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        if before + size > first and count > 0:
            at = before
            for batch in file.iter_batches(_BATCH, [group], columns=names, use_threads=False):
                skipped = max(0, min(first - at, batch.num_rows))
                rows = batch.slice(skipped, count)
                yield rows, range(at + skipped + 1, at + skipped + 1 + rows.num_rows)
                count -= rows.num_rows
                at += batch.num_rows
                first = max(first, at)
                if count <= 0:
                    return
        before += size


def _sorted(file: Any, fields: list[Any], names: list[str], asked: dict[str, Any]) -> Iterator[_Rows]:
    if asked["sort"] >= len(fields):
        raise InvalidParameter(f"the table has {len(fields):,} columns, not {asked['sort'] + 1:,}.")
    by, arrow = fields[asked["sort"]].name, importlib.import_module("pyarrow")
    wanted = list(dict.fromkeys([*names, by]))
    size, metadata = 0, file.metadata
    for group in range(metadata.num_row_groups):
        columns = [metadata.row_group(group).column(place) for place in range(metadata.num_columns)]
        size += sum(one.total_uncompressed_size for one in columns if one.path_in_schema.partition(".")[0] in wanted)
    if size > MOST_SORTED:
        raise InvalidParameter(f"its columns have {size >> 20} MB, more than {MOST_SORTED >> 20} MB cannot be sorted.")
    table = file.read(columns=wanted, use_threads=False)
    order = [(by, "descending" if asked.get("descending") else "ascending")]
    try:
        places = importlib.import_module("pyarrow.compute").sort_indices(table, sort_keys=order)
    except arrow.ArrowException:
        raise InvalidParameter(f"it cannot be sorted by {by!r}: its values have no order.") from None
    places = places.slice(asked["first"], asked["count"])
    yield table.select(names).take(places), [place + 1 for place in places.to_pylist()]


def _texts(rows: Any, numbers: Iterable[int], cut: int) -> Iterator[list[Any]]:
    columns = [_values(rows.column(place), cut) for place in range(rows.num_columns)]
    for place, number in enumerate(numbers):
        yield [number, *(column[place] for column in columns)]


def _values(column: Any, cut: int) -> list[Any]:
    """Values that JSON has; others as text."""
    arrow: Any = importlib.import_module("pyarrow")
    kind = column.type
    if arrow.types.is_temporal(kind):
        column = column.cast(arrow.string())
    return [_value(value, cut) for value in column.to_pylist()]


def _value(value: Any, cut: int) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, bytes):
        return f"{value[:20].hex(' ')}{' …' if len(value) > 20 else ''} ({len(value):,} bytes)"
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)[:cut]
    return str(value)[:cut]


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer the question on the standard input."""
    asked = json.loads(sys.stdin.read())
    _limit(asked["memory"])
    arrow: Any = importlib.import_module("pyarrow")
    arrow.set_cpu_count(1)
    try:
        with ranged(server_repository(asked["place"]), asked["path"]) as source:
            answer = read_page(source, asked)
    except RunyardException as problem:
        answer = {"error": problem.message}
    except (arrow.ArrowException, MemoryError, ValueError, OSError) as problem:
        answer = {"error": f"it is not a Parquet file that can be read ({str(problem)[:300]})."}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
