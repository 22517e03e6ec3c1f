"""Found runs as the columns of a table, filled from the answers as they come: no object is made for a run."""

from array import array
from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import pd
from runyard.exceptions import RunyardException
from runyard.tracking.runs.entities import RunInfo

_ATTRIBUTES = ("run_id", "experiment_id", "status", "artifact_uri")
_TIMES = ("start_time", "end_time")
_NAN = float("nan")


class RunTable:
    """A column for every attribute, metric, param and tag that occurs, in the order in which they first do."""

    def __init__(self) -> None:
        self._rows = 0
        self._attributes: dict[str, list[Any]] = {name: [] for name in (*_ATTRIBUTES, *_TIMES)}
        self._metrics: dict[str, array[float]] = {}
        self._texts: dict[str, dict[str, list[str | None]]] = {"params": {}, "tags": {}}
        self._known: dict[Any, Any] = {}
        """Each value once: many runs have the same."""

    def add(self, run: Mapping[str, Any]) -> None:
        """Add a run as the protocol has it.

        Raises
        ------
        RunyardException: It is something else.
        """
        try:
            self._add(run)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise RunyardException(
                "The answer is not one of Runyard or MLflow: no run can be read from it. Check the tracking URI."
            ) from problem

    def _add(self, run: Mapping[str, Any]) -> None:
        info, data, rows = RunInfo.from_wire(run["info"]), run.get("data") or {}, self._rows
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
        self._rows += 1

    def frame(self) -> "pd.DataFrame":
        """The table in pandas."""
        columns: dict[str, Any] = {name: self._attributes[name] for name in _ATTRIBUTES}
        for name in _TIMES:
            columns[name] = pd.to_datetime(self._attributes[name], unit="ms", utc=True)
        for key, numbers in self._metrics.items():
            numbers.extend([_NAN] * (self._rows - len(numbers)))
            columns[f"metrics.{key}"] = numbers
        for kind, texts_by_key in self._texts.items():
            for key, texts in texts_by_key.items():
                texts.extend([None] * (self._rows - len(texts)))
                columns[f"{kind}.{key}"] = texts
        return pd.DataFrame(columns)
