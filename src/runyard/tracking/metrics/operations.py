"""Operations on metrics."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import msgspec

from runyard.core.limits import MAX_HISTORY_POINTS
from runyard.db.paging import decode_token, encode_token, foreign_token, offset_in
from runyard.db.transaction import Transaction
from runyard.exceptions import DoesNotExist
from runyard.gate.performers import Piece, performs, performs_jointly
from runyard.protocol.answer import Wire
from runyard.tracking.logged_models.metrics import append_to_models
from runyard.tracking.metrics import history, joint, sampling, series
from runyard.tracking.metrics.curves import curve, values_at
from runyard.tracking.metrics.entities import Point
from runyard.tracking.metrics.levels import Columns, columns_of
from runyard.tracking.metrics.means import mean_curves
from runyard.tracking.metrics.messages import (
    GetMeanCurves,
    GetMetricCurves,
    GetMetricHistory,
    GetMetricHistoryBulk,
    GetMetricHistoryBulkInterval,
    LogMetric,
)
from runyard.tracking.runs.rows import deleted_run, find_run, missing_run

_PIECES_A_TURN = 16
"""Pieces of a whole history that are read in one turn after the first: a turn waits for those of other dear reads."""
_OPENING, _CLOSING = b'{"metrics":[', b"]}"


@performs(LogMetric)
def log_metric(tx: Transaction, message: LogMetric) -> Wire:
    """Append one point: two statements if it is the latest of its series, else up to four."""
    run_id = message.wanted_id
    if not message.model_id and series.append_newest(tx, run_id, message):
        return {}
    found = series.find_run_and_series(tx, run_id, message.key)
    if found is None:
        raise missing_run(run_id)
    if found[1] != "active":
        raise deleted_run(run_id)
    if message.model_id:
        append_to_models(tx, found[0], [message])
    series.append_one(tx, found[0], found[2:], message)
    return {}


@performs_jointly(LogMetric)
def log_metrics(tx: Transaction, messages: Sequence[LogMetric]) -> Sequence[Wire]:
    """Append one point each: three statements for all, and one where there are new series."""
    given: list[tuple[joint.Place, Point]] = [((message.wanted_id, message.key), message) for message in messages]
    found = joint.find(tx, [place for place, _ in given])
    for (run_id, key), point in given:
        if (run_id, key) not in found:
            raise missing_run(run_id)
        if found[run_id, key].stage != "active":
            raise deleted_run(run_id)
        if point.model_id:
            append_to_models(tx, found[run_id, key].run, [point])
    joint.append(tx, found, given)
    return [{}] * len(messages)


@performs(GetMetricHistory)
def get_metric_history(tx: Transaction, message: GetMetricHistory) -> Wire | Piece:
    """Points of one metric of one run, all of them or a page."""
    run_id = message.wanted_id
    number = series.find_one(tx, run_id, message.metric_key)
    if number is None:
        return {}
    after, offset = _read_token(message.page_token)
    if message.max_results is None and not offset:
        return _whole_history(tx, run_id, message.metric_key, after, _OPENING)
    limit = min(message.max_results or history.MOST, history.MOST)
    found = history.skipping(tx, number, limit + 1, offset) if offset else history.page(tx, number, limit + 1, after)
    if not found.steps:
        return {}
    shown = found.part(0, limit)
    text = _OPENING + _shown(message.metric_key, shown)
    if len(found.steps) <= limit:
        return text + _CLOSING
    timestamp, step, value = _last(shown)
    token = encode_token({"after": [timestamp, step, series.on_wire(value)]})
    return b'%b],"next_page_token":"%b"}' % (text, token.encode())


def _whole_history(tx: Transaction, run_id: str, key: str, after: history.Place | None, before: bytes) -> Piece | bytes:
    """All points behind one, a piece at a time: each point that is there at the beginning is in one of them.

    Parameters
    ----------
    before: What stands before the first point.

    Raises
    ------
    DoesNotExist: The series is no more: what was answered so far is not whole.
    """
    number = series.find_one(tx, run_id, key)
    if number is None:
        raise DoesNotExist(f"Metric {key[:200]!r} of run {run_id} was removed while it was read.")
    text, last, more = list[bytes](), after, True
    for _ in range(1 if before is _OPENING else _PIECES_A_TURN):
        found, more = history.piece(tx, number, last)
        count = len(found.steps)
        text += [_shown(key, found.part(first, first + history.PIECE)) for first in range(0, count, history.PIECE)]
        last = _last(found) if count else last
        if not more or count > history.PIECE:
            break
    if not text:
        return b"{}" if before is _OPENING else _CLOSING
    if not more:
        return before + b",".join(text) + _CLOSING
    return Piece(before + b",".join(text), lambda tx: _whole_history(tx, run_id, key, last, b","))


class _Shown(msgspec.Struct, gc=False):
    """A point as answers have it. A page has a thousand: dictionaries would take twice the time."""

    key: str
    value: float | str
    timestamp: int
    step: int


class _ShownOfRun(_Shown, gc=False):
    """A point as answers about several runs have it."""

    run_id: str


_encoder = msgspec.json.Encoder()


def _shown(key: str, points: Columns) -> bytes:
    """The JSON list of some points, without its brackets."""
    shown = map(_Shown, repeat(key), series.all_on_wire(points.values), points.timestamps, points.steps)
    return _encoder.encode(list(shown))[1:-1]


def _shown_of_run(run_id: str, key: str, points: Columns) -> Iterable[_ShownOfRun]:
    values = series.all_on_wire(points.values)
    return map(_ShownOfRun, repeat(key), values, points.timestamps, points.steps, repeat(run_id))


def _last(points: Columns) -> history.Place:
    return points.timestamps[-1], points.steps[-1], points.values[-1]


def _read_token(token: str | None) -> tuple[tuple[int, int, Any] | None, int]:
    """The point after which the page begins, or the number of points to skip (MLflow's own tokens)."""
    if not token:
        return None, 0
    fields = decode_token(token)
    if offset := offset_in(fields):
        return None, offset
    try:
        timestamp, step, value = fields["after"]
        spelled = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": "NaN"}
        value = spelled[value] if isinstance(value, str) else float(value)
        if type(timestamp) is int and type(step) is int and abs(timestamp) < 2**63 and abs(step) < 2**63:
            return (timestamp, step, value), 0
    except (ValueError, TypeError, KeyError, OverflowError):
        pass
    raise foreign_token()


@performs(GetMetricHistoryBulk)
def get_metric_history_bulk(tx: Transaction, message: GetMetricHistoryBulk) -> Wire:
    """Points of several runs, run by run, until the cap is reached."""
    left = min(message.max_results, MAX_HISTORY_POINTS)
    found = series.find_series(tx, message.run_id, message.metric_key)
    points: list[_ShownOfRun] = []
    for run_id in sorted(found):
        page = history.page(tx, found[run_id], left)
        points += _shown_of_run(run_id, message.metric_key, page)
        left -= len(page.steps)
        if left <= 0:
            break
    return _encoder.encode({"metrics": points})


@performs(GetMetricHistoryBulkInterval)
def get_metric_history_bulk_interval(tx: Transaction, message: GetMetricHistoryBulkInterval) -> Wire:
    """Evenly thinned points of several runs.

    Raises
    ------
    DoesNotExist: Nothing is found, and one of the runs does not exist.
    """
    found = series.find_series(tx, message.run_ids, message.metric_key)
    for run_id in message.run_ids if not found else ():
        find_run(tx, run_id)
    points: list[_ShownOfRun] = []
    for run_id in sorted(found):
        kept = sampling.evenly(tx, found[run_id], message.max_results, message.start_step, message.end_step)
        points += _shown_of_run(run_id, message.metric_key, kept)
    return _encoder.encode({"metrics": points}) if points else {}


@performs(GetMetricCurves)
def get_metric_curves(tx: Transaction, message: GetMetricCurves) -> Wire:
    """Arrays of steps, timestamps and values of each run; spikes survive the thinning."""
    found = series.find_series(tx, message.run_ids, message.metric_key)
    horizontal = series.find_series(tx, message.run_ids, message.x_metric_key) if message.x_metric_key else {}
    curves = []
    for run_id in message.run_ids:
        if run_id not in found:
            continue
        kept, count = curve(tx, found[run_id], message.max_points, message.start_step, message.end_step)
        steps, timestamps, values = columns_of(kept)
        answer = {
            "run_id": run_id,
            "points": count,
            "steps": steps,
            "timestamps": timestamps,
            "values": series.all_on_wire(values),
        }
        if message.x_metric_key:
            answer["x_values"] = series.all_on_wire(values_at(tx, horizontal.get(run_id), steps))
        curves.append(answer)
    return {"key": message.metric_key, "curves": curves}


@performs(GetMeanCurves)
def get_mean_curves(tx: Transaction, message: GetMeanCurves) -> Wire:
    """One statement finds the series of all runs; each is read as a curve is."""
    return {"key": message.metric_key, "curves": mean_curves(tx, message)}
