"""Files of rows: Parquet and CSV, read batch by batch and written so."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from runyard.core.libraries import lazy
from runyard.exceptions import InvalidParameter
from runyard.scoring.places import Place
from runyard.types.datatypes import DataType
from runyard.types.schema import ColSpec, Schema

pa = lazy("pyarrow")
pq = lazy("pyarrow.parquet")
csv = lazy("pyarrow.csv")

FORMATS = ("parquet", "csv")
_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}
_BLOCK = 8 << 20
"""Bytes of a CSV file that are read at a time, and whose rows say of which types its columns are."""
_ARROW = {
    DataType.boolean: "bool_",
    DataType.integer: "int32",
    DataType.long: "int64",
    DataType.float: "float32",
    DataType.double: "float64",
    DataType.string: "string",
}


def format_of(name: str) -> str | None:
    """The format of a file, by the end of its name; None for files of no rows, and hidden ones."""
    if any(part.startswith((".", "_")) for part in name.split("/")):
        return None
    return next((kind for ending, kind in _ENDINGS.items() if name.lower().endswith(ending)), None)


def renamed(name: str, kind: str) -> str:
    """The name of a file with the same rows in this format; in its own when that is empty."""
    kind = kind or str(format_of(name))
    ending = max((one for one in _ENDINGS if name.lower().endswith(one)), key=len)
    return f"{name[: -len(ending)]}.{kind}"


def types_in(schema: Schema | None) -> dict[str, Any]:
    """The types of Arrow for the columns that a signature names, as far as text can be read as them."""
    columns = [one for one in schema.inputs if isinstance(one, ColSpec)] if schema else []
    known = {one.name: _ARROW.get(one.type) for one in columns if one.name and isinstance(one.type, DataType)}
    return {name: getattr(pa, kind)() for name, kind in known.items() if kind}


@contextmanager
def reading(
    place: Place, name: str, rows: int, columns: Sequence[str] | None, types: Mapping[str, Any]
) -> Iterator[tuple[Any, Iterator[Any]]]:
    """The schema of a file, and its rows as record batches. Never more of it in memory than a batch and a block.

    Parameters
    ----------
    rows: Maximum number of rows of a batch.
    columns: The columns to read, of those that are there; all when None.
    types: How to read columns of CSV, by name; others are of the type that their first rows have.
    """
    with ExitStack() as stack:
        if format_of(name) == "parquet":
            file = pq.ParquetFile(stack.enter_context(place.open(name)))
            wanted = [one for one in file.schema_arrow.names if columns is None or one in columns]
            schema = pa.schema([file.schema_arrow.field(one) for one in wanted])
            yield schema, file.iter_batches(batch_size=rows, columns=wanted)
        else:
            reader = _csv(stack, place, name, dict(types))
            empty = [one.name for one in reader.schema if pa.types.is_null(one.type)]
            if empty:  # later rows have something there, perhaps
                reader = _csv(stack, place, name, {**types, **dict.fromkeys(empty, pa.string())})
            wanted = [one for one in reader.schema.names if columns is None or one in columns]
            schema = pa.schema([reader.schema.field(one) for one in wanted])
            yield schema, _slices(reader, wanted, rows)


def _csv(stack: ExitStack, place: Place, name: str, types: Mapping[str, Any]) -> Any:
    opened = stack.enter_context(place.open(name))
    if name.lower().endswith(".gz"):
        opened = stack.enter_context(pa.CompressedInputStream(opened, "gzip"))
    return stack.enter_context(
        csv.open_csv(
            opened,
            read_options=csv.ReadOptions(block_size=_BLOCK),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=dict(types)),
        )
    )


def _slices(reader: Any, columns: Sequence[str], rows: int) -> Iterator[Any]:
    for block in reader:
        chosen = block.select(columns)
        for start in range(0, chosen.num_rows, rows):
            yield chosen.slice(start, rows)


class Writer:
    """Writes tables of the same columns to a stream; the first one says of which types they are.

    Parameters
    ----------
    stream: Where to.
    kind: ``parquet`` or ``csv``.
    """

    def __init__(self, stream: Any, kind: str) -> None:
        self._stream, self._kind = stream, kind
        self._writer: Any = None

    def write(self, table: Any) -> None:
        """Add rows.

        Raises
        ------
        InvalidParameter: Their columns, or the types of these, are not those of the rows before.
        """
        if self._kind == "csv":
            table = _flat(table)
        if self._writer is None:
            maker = pq.ParquetWriter if self._kind == "parquet" else csv.CSVWriter
            self._schema = _without_null(table.schema)
            self._writer = maker(self._stream, self._schema)
        try:
            self._writer.write_table(table.cast(self._schema))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as problem:
            raise InvalidParameter(
                f"The rows do not have the columns of those before them in the file ({problem}): "
                f"{_shown(table.schema)} after {_shown(self._schema)}."
            ) from None

    def close(self) -> None:
        """Write what comes last in the file."""
        if self._writer is not None:
            self._writer.close()


def _without_null(schema: Any) -> Any:
    """Columns in which everything is missing as columns of numbers."""
    fields = [one.with_type(pa.float64()) if pa.types.is_null(one.type) else one for one in schema]
    return pa.schema(fields)


def _flat(table: Any) -> Any:
    """Lists and structs as JSON text, which CSV can hold."""
    for place, one in enumerate(table.schema):
        if pa.types.is_nested(one.type):
            texts = [
                None if value is None else json.dumps(value, default=str) for value in table.column(place).to_pylist()
            ]
            table = table.set_column(place, one.name, pa.array(texts, pa.string()))
    return table


def _shown(schema: Any) -> str:
    return ", ".join(f"{one.name!r}: {one.type}" for one in schema)
