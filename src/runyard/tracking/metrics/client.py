"""Methods of the client for metrics."""

from typing import Any

from runyard.core.clock import now_ms
from runyard.core.limits import MAX_DATASET_NAME, MAX_HISTORY_POINTS, check_key, check_run_id, check_text, shown
from runyard.core.paged_list import PagedList, all_pages
from runyard.exceptions import InvalidParameter
from runyard.protocol.client_part import ClientPart, RunOperations
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.metrics.messages import GetMetricHistory, LogMetric
from runyard.tracking.metrics.points import Measured

_good_keys: set[str] = set()
_good_runs: set[str] = set()
_MAX_REMEMBERED = 10_000


class MetricsClient(ClientPart):
    """Metrics: log points, read histories."""

    def log_metric(
        self,
        run_id: str,
        key: str,
        value: float,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> Any:
        """Log one point of a metric. Returns when the point is checked and written to the journal.

        Parameters
        ----------
        run_id: The run.
        key: The metric's name.
        value: A number; scalars of numpy and tensor libraries work too.
        timestamp: Milliseconds since 1970; now by default.
        step: Training step; 0 by default.
        synchronous: True waits until the store has it.
        dataset_name, dataset_digest: The data the value was measured on.
        model_id: The logged model that was measured; the active one when left out.

        Raises
        ------
        InvalidParameter: The key breaks the rules, or the value is not a number.
        """
        number = value if type(value) is float else as_number(key, value)
        when = now_ms() if timestamp is None else as_integer("timestamp", timestamp)
        where = 0 if step is None else as_integer("step", step)
        model_id = model_id or self.active_model.model_id
        measured = measured_on(model_id, dataset_name, dataset_digest) if model_id or dataset_name else None
        if self.connection.waits(synchronous):
            entry = 0
            self.connection.write(LogMetric(key, number, when, where, *(measured or ()), run_id=run_id), synchronous)
        else:
            entry = buffer_point(self, run_id, key, number, when, where, measured)
        return RunOperations(self, [entry]) if synchronous is False else None

    def get_metric_history(self, run_id: str, key: str) -> PagedList[Metric]:
        """Every point of a metric, by timestamp, step and value."""

        def page(size: int, token: str | None) -> PagedList[Metric]:
            answer = self.send(GetMetricHistory(run_id=run_id, metric_key=key, max_results=size, page_token=token))
            return PagedList(answer.metrics, answer.next_page_token)

        found = PagedList(all_pages(page, MAX_HISTORY_POINTS), None)
        for metric in found:
            metric.run_id = run_id
        return found


def measured_on(model_id: str | None, dataset_name: str | None, dataset_digest: str | None) -> Measured | None:
    """The model and dataset of a value; None without any.

    Raises
    ------
    InvalidParameter: Only one of the dataset's name and digest is given.
    """
    if not (model_id or dataset_name or dataset_digest):
        return None
    if bool(dataset_name) != bool(dataset_digest):
        raise InvalidParameter(
            "'dataset_name' and 'dataset_digest' go together: give both or none; "
            f"got {dataset_name!r} and {dataset_digest!r}."
        )
    return model_id or None, dataset_name or None, dataset_digest or None


def buffer_point(
    part: ClientPart,
    run_id: str,
    key: str,
    value: float,
    timestamp: int,
    step: int,
    measured: Measured | None = None,
) -> int:
    """Check a point as the store will, then put it into the buffer; returns its number there."""
    try:
        known = key in _good_keys and run_id in _good_runs
    except TypeError:  # a list, for example, is not hashable
        known = False
    if not known:
        _check_names(run_id, key)
    if timestamp < 0:
        raise InvalidParameter(
            f"Invalid timestamp {timestamp}: milliseconds since the epoch, not negative, are needed."
        )
    if measured is None:
        return part.connection.log_point(run_id, key, value, timestamp, step)
    for text in measured:
        check_text("What the metric was measured on", text or "", MAX_DATASET_NAME)
    return part.connection.log_point(run_id, key, value, timestamp, step, measured)


def _check_names(run_id: str, key: str) -> None:
    check_key("key", key)
    check_run_id(str(run_id))
    if len(_good_keys) + len(_good_runs) < _MAX_REMEMBERED:
        _good_keys.add(key)
        _good_runs.add(run_id)


def as_number(key: str, value: Any) -> float:
    """A value as a double: numbers, arrays and tensors of one value, and text that spells a number.

    Raises
    ------
    InvalidParameter: It is not a number.
    """
    try:
        plain = _only_value(value)
        if not isinstance(plain, bytes):
            return float(plain)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    raise InvalidParameter(f"Invalid value {shown(str(value))} for metric {shown(str(key))}: log a number.")


def _only_value(value: Any) -> Any:
    """The value of an array or tensor of one element, of any library; other values as they are."""
    if isinstance(value, int | float):
        return value
    if getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M"):
        raise TypeError("a time is not a number")
    if hasattr(value, "detach"):  # torch warns when a tensor with a gradient is converted
        value = value.detach()
    elif not hasattr(value, "item") and callable(getattr(value, "numpy", None)):  # tensorflow
        value = value.numpy()
    return value.item() if callable(getattr(value, "item", None)) else value


def as_integer(name: str, value: Any) -> int:
    """A whole number of at most 64 bits.

    Raises
    ------
    InvalidParameter: It is something else.
    """
    if type(value) is int and -(2**63) <= value < 2**63:  # nearly always, and this runs for every point
        return value
    try:
        plain = _only_value(value)
        number = int(plain)
        if number == plain and -(2**63) <= number < 2**63:
            return number
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    raise InvalidParameter(f"Invalid {name} {shown(str(value))}: an integer of at most 64 bits is needed.")
