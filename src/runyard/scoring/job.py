"""What a worker does with a file: reads it batch by batch, predicts, and writes a file of predictions."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, np, pd
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.scoring.inputs import Inputs
from runyard.scoring.places import OWN, Found, Place
from runyard.scoring.results import table_of
from runyard.scoring.shipping import model_store
from runyard.scoring.tables import Writer, format_of, reading, renamed, types_in
from runyard.scoring.worker import Scorer

pa = lazy("pyarrow")

PREDICTION = "prediction"
"""The column of predictions that have no name themselves."""
_LONGEST = 2000
"""Characters of a reason that are kept."""


@dataclass(frozen=True)
class FileReport:
    """How a file went.

    Attributes
    ----------
    name: Its path in the folder.
    size: Its bytes.
    rows: How many rows were predicted for.
    seconds: How long that took.
    problem: Why there are no predictions for it; None when there are.
    """

    name: str
    size: int
    rows: int = 0
    seconds: float = 0.0
    problem: str | None = None


@dataclass(frozen=True)
class FolderJob:
    """What is the same for all files.

    Attributes
    ----------
    scorer: The model.
    inputs: What it is given.
    given: Where the files are.
    wanted: Where the predictions go.
    kind: The format of the files of predictions; empty for that of each input.
    keep: Columns of the input that are written beside the predictions; ``*`` for all.
    batch_rows: Maximum number of rows of a call of the model.
    """

    scorer: Scorer
    inputs: Inputs
    given: Place
    wanted: Place
    kind: str
    keep: tuple[str, ...]
    batch_rows: int

    def output_of(self, name: str) -> str:
        """The file of predictions for a file."""
        return renamed(name, self.kind)

    def record_of(self, found: Found) -> str:
        """The file that says that this content of a file is done."""
        return f"{OWN}/done/{self.output_of(found.name)}.{found.size:x}-{found.changed:x}"

    def report_of(self, found: Found) -> FileReport | None:
        """How a file went that is done; None for others."""
        noted = self.wanted.read_json(self.record_of(found))
        return None if noted is None else FileReport(**{field.name: noted[field.name] for field in fields(FileReport)})

    def score(self, found: Found, archive: Callable[[], Path], place: Callable[[], Path] = model_store) -> FileReport:
        """Predict for a file. A failure is a report too, so that the others go on.

        Parameters
        ----------
        archive: Called for the file with the model, when it was sent to this worker.
        place: Called for the folder to unpack it in.
        """
        began = time.monotonic()
        try:
            with self.wanted.written(self.output_of(found.name)) as stream:
                rows = self._score(found.name, stream, lambda data: self.scorer.predict(data, archive, place))
            report = FileReport(found.name, found.size, rows, time.monotonic() - began)
            self.wanted.write_json(self.record_of(found), {**asdict(report), "worker": os.uname().nodename})
        except Exception as problem:  # noqa: BLE001  (an edge: models may raise anything, and so may files)
            return failed(found, problem, time.monotonic() - began)
        return report

    def _score(self, name: str, stream: Any, predict: Callable[[Any], Any]) -> int:
        schema, rows = self.inputs.schema, 0
        named = list(map(str, schema.input_names())) if schema is not None and schema.has_input_names() else None
        read = None if named is None or "*" in self.keep else [*named, *self.keep]
        with reading(self.given, name, self.batch_rows, read, types_in(schema)) as (there, batches):
            kept = self._kept(there.names)
            writer = Writer(stream, self.kind or str(format_of(name)))
            for batch in batches:
                if batch.num_rows:
                    writer.write(_table(batch, named, kept, self.inputs, predict))
                    rows += batch.num_rows
            if not rows:
                fields = [*(there.field(one) for one in kept), pa.field(PREDICTION, pa.float64())]
                writer.write(pa.schema(fields).empty_table())
            writer.close()
        return rows

    def _kept(self, names: Sequence[str]) -> list[str]:
        missing = [one for one in self.keep if one != "*" and one not in names]
        if missing:
            raise InvalidParameter(
                f"The file has no column {missing[0]!r} to keep; it has {', '.join(map(repr, names)) or 'none'}."
            )
        return list(names) if "*" in self.keep else list(self.keep)


def failed(found: Found, problem: BaseException | str, seconds: float = 0.0) -> FileReport:
    """The report of a file without predictions."""
    if isinstance(problem, RunyardException):
        text = problem.message
    else:
        text = problem if isinstance(problem, str) else f"{type(problem).__name__}: {problem}"
    return FileReport(found.name, found.size, 0, seconds, " ".join(text.split())[:_LONGEST])


def _table(
    batch: Any, named: Sequence[str] | None, kept: Sequence[str], inputs: Inputs, predict: Callable[[Any], Any]
) -> Any:
    """The rows of predictions for a batch."""
    names = [one for one in batch.schema.names if named is None or one in named]
    given = inputs.of_table(names, [batch.column(one) for one in names])
    columns = {one: batch.column(one) for one in kept}
    for name, values in predicted_columns(predict(given), batch.num_rows).items():
        if name in columns:
            raise InvalidParameter(f"The model's column {name!r} has the name of one that is kept. Do not keep that.")
        columns[name] = values
    return pa.table(columns)


def predicted_columns(prediction: Any, rows: int) -> dict[str, Any]:
    """What a model returned for a batch as Arrow arrays by name.

    Predictions without names are one column, ``prediction``: of lists where there are several for a row.

    Raises
    ------
    InvalidParameter: It is not one prediction for each row, or has values that files cannot hold.
    """
    table = table_of(prediction)
    if len(table) != rows:
        raise InvalidParameter(f"The model returned {len(table)} predictions for {rows} rows; it must be one for each.")
    labels: Any = table.columns
    is_numbered = isinstance(labels, pd.RangeIndex)
    if isinstance(prediction, pd.Series) or (is_numbered and table.shape[1] == 1):
        return {PREDICTION: _array(PREDICTION, table.iloc[:, 0])}
    if is_numbered:
        return {PREDICTION: pa.array(list(table.to_numpy()))}
    names = [str(name) for name in table.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InvalidParameter(f"The model returned several columns called {doubled[0]!r}.")
    return {name: _array(name, table.iloc[:, place]) for place, name in enumerate(names)}


def _array(name: str, column: Any) -> Any:
    try:
        return pa.array([_listed(one) for one in column] if column.dtype == object else column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as problem:
        raise InvalidParameter(f"The model's column {name!r} cannot be written to a file: {problem}.") from None


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def encoded(value: FileReport | Found) -> str:
    """A report, or a file to predict for, as text."""
    return json.dumps(asdict(value))
