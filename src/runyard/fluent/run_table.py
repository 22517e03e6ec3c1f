"""Found runs as the columns of a table, filled from the answers as they come: no object is made for a run."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from typing import Any

from runyard.core.http import body_of
from runyard.core.libraries import pd
from runyard.exceptions import RunyardException
from runyard.fluent.found_runs import AT_ONCE, DecodeRun, FoundRun, FoundRuns, answer_in, decoded, decoder_for
from runyard.tracking.runs.entities import RunInfo

_ATTRIBUTES = ("run_id", "experiment_id", "status", "artifact_uri")
_TIMES = ("start_time", "end_time")
_DIFFERENT = frozenset(("run_id", "artifact_uri", "end_time"))
"""Attributes that few runs share a value of."""
_KINDS = ("metrics", "params", "tags")
_NAN = float("nan")
_MAX_UNKNOWN = 20
"""How often runs may have keys that none had before; from then on none is expected to know them all."""
_MAX_KEYS = 1_000
_TOLD_FROM = 20
"""Values that tell whether runs share them."""


class RunsPage:
    """An answer with runs, as JSON text, of which no run has been read yet.

    Attributes
    ----------
    next_token: The token of the next page.
    size: The number of runs.

    Raises
    ------
    RunyardException: It is something else.
    """

    def __init__(self, text: bytes) -> None:
        found = answer_in(text)
        self.runs: FoundRuns | None = found
        self.objects: Sequence[Mapping[str, Any]] = ()
        if found is not None:
            self.next_token, self.size = found.next_page_token, len(found.runs)
            return
        with _of_runs():  # it has another form than most servers give it
            answer = body_of(text)
            self.objects = answer.get("runs") or ()
            self.next_token, self.size = answer.get("next_page_token"), len(self.objects)


@contextmanager
def _of_runs() -> Iterator[None]:
    """Raises an error of ours where no run can be read."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise RunyardException(
            "The answer is not one of Runyard or MLflow: no run can be read from it. Check the tracking URI."
        ) from problem


class RunTable:
    """A column for every attribute, metric, param and tag that occurs, in the order in which they first do.

    Attributes
    ----------
    rows: The number of runs so far.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._attributes: dict[str, list[Any]] = {name: [] for name in (*_ATTRIBUTES, *_TIMES)}
        self._metrics: dict[str, array[float]] = {}
        self._texts: dict[str, dict[str, list[str | None]]] = {"params": {}, "tags": {}}
        self._known: dict[Any, Any] = {}
        """Each value once: many runs have the same."""
        self._own: set[tuple[str, str]] = set()
        """Params and tags of which most runs have a value of their own."""
        self._decode: DecodeRun | None = None
        """Decodes runs that have no other keys than those before."""
        self._unknown = 0

    def add(self, answer: RunsPage) -> None:
        """Add the runs of an answer.

        Raises
        ------
        RunyardException: No run can be read from a part of it.
        """
        with _of_runs():
            for each in answer.objects:
                self._add(each)
            texts = answer.runs.runs if answer.runs is not None else ()
            for first in range(0, len(texts), AT_ONCE):
                self._add_group(texts[first : first + AT_ONCE])

    def _add_group(self, texts: Sequence[Any]) -> None:
        """Add runs, each as JSON text."""
        runs = decoded(texts, self._decode) if self._decode else None
        if runs is not None:
            self._add_found(runs)
            return
        runs = decoded(texts)
        if runs is None:
            for text in texts:
                self._add(body_of(bytes(text)))
            return
        self._add_found(runs)
        self._unknown += 1
        keys = {"metrics": list(self._metrics), **{kind: list(columns) for kind, columns in self._texts.items()}}
        expected = self._unknown < _MAX_UNKNOWN and sum(map(len, keys.values())) <= _MAX_KEYS
        self._decode = decoder_for(keys) if expected else None

    def _add_found(self, runs: Sequence[FoundRun]) -> None:
        """Add runs column by column: those that have the same keys, as most have, at one go."""
        infos, share = [run.info for run in runs], self._known.setdefault
        for name, attributes in self._attributes.items():
            found = list(map(attrgetter(name), infos))
            attributes += found if name in _DIFFERENT else map(share, found, found)
        for kind in _KINDS:
            entries = [getattr(run.data, kind) for run in runs]
            keys = [[entry.key for entry in of_run] for of_run in entries]
            for same, places in groupby(range(len(runs)), keys.__getitem__):
                row = self.rows + (group := list(places))[0]
                rows = ([entry.value for entry in entries[place]] for place in group)
                columns: dict[str, Sequence[Any]] = {}
                for key, column in zip(same, zip(*rows, strict=True), strict=True):
                    columns.setdefault(key, column)  # of a key that is there twice, the first value counts
                for key, values in columns.items():
                    self._extend(kind, key, row, values)
        self.rows += len(runs)

    def _extend(self, kind: str, key: str, row: int, values: Sequence[Any]) -> None:
        """Add values to a column, from a row on."""
        if kind == "metrics":
            numbers = self._metrics.setdefault(key, array("d"))
            numbers.extend([_NAN] * (row - len(numbers)))
            numbers.extend(map(float, values))
        else:
            texts = self._texts[kind].setdefault(key, [])
            if not texts and 2 * len(set(values)) > len(values) > _TOLD_FROM:
                self._own.add((kind, key))
            texts.extend([None] * (row - len(texts)))
            texts += values if (kind, key) in self._own else map(self._known.setdefault, values, values)

    def _add(self, run: Mapping[str, Any]) -> None:
        info, data, rows = RunInfo.from_wire(run["info"]), run.get("data") or {}, self.rows
        share = self._known.setdefault
        for name, values in self._attributes.items():
            value = getattr(info, name)
            values.append(share(value, value))
        for point in data.get("metrics") or ():
            key = point["key"]
            numbers = self._metrics.get(key)
            if numbers is None:
                numbers = self._metrics[key] = array("d")
            if len(numbers) <= rows:
                numbers.extend([_NAN] * (rows - len(numbers)))
                numbers.append(float(point.get("value", 0.0)))
        for kind, columns in self._texts.items():
            for entry in data.get(kind) or ():
                key, text = entry["key"], entry.get("value", "")
                texts = columns.get(key)
                if texts is None:
                    texts = columns[key] = []
                if len(texts) <= rows:
                    texts.extend([None] * (rows - len(texts)))
                    texts.append(share(text, text))
        self.rows += 1

    def frame(self) -> "pd.DataFrame":
        """The table in pandas."""
        columns: dict[str, Any] = {name: self._attributes[name] for name in _ATTRIBUTES}
        for name in _TIMES:
            columns[name] = pd.to_datetime(self._attributes[name], unit="ms", utc=True)
        for key, numbers in self._metrics.items():
            numbers.extend([_NAN] * (self.rows - len(numbers)))
            columns[f"metrics.{key}"] = numbers
        for kind, texts_by_key in self._texts.items():
            for key, texts in texts_by_key.items():
                texts.extend([None] * (self.rows - len(texts)))
                columns[f"{kind}.{key}"] = texts
        return pd.DataFrame(columns)
