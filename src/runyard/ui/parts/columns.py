"""Which columns a table of runs has: chosen in the address, or those that tell the runs apart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runyard.search.writing import key_text
from runyard.tracking.runs.messages import MetricKey, ParamKey, RunsDescribed
from runyard.ui.parts.metric_names import natural, weight_of
from runyard.ui.parts.own_columns import NAME_COLUMN, OWN_COLUMNS
from runyard.ui.parts.param_differences import difference

MAX_PARAMS = 5
MAX_METRICS = 5
MAX_COLUMNS = 60
MAX_OFFERED = 300
OWN = "run"
"""The kind of the columns of what every run has."""
_NAMED = re.compile(r"(metrics|params|tags)\.(.+)", re.DOTALL)
_RARE = 0.25
"""Metrics of no more than this part of the runs that have the most usual one are shown when they are chosen."""
_BOOKKEEPING, _FEW = 0.3, 2


@dataclass(frozen=True)
class ValueColumn:
    """A column: of ``metrics``, ``params`` or ``tags``, and the key; or of the ``run`` itself, and which of its own."""

    kind: str
    key: str

    @property
    def name(self) -> str:
        """As the address names it: ``metrics.loss``, ``status``."""
        return self.key if self.is_own else f"{self.kind}.{self.key}"

    @property
    def is_own(self) -> bool:
        """Whether it is one of what every run has."""
        return self.kind == OWN

    @property
    def title(self) -> str:
        """What its head says until a reader names it otherwise."""
        return OWN_COLUMNS[self.key][0] if self.is_own else self.key

    @property
    def order_key(self) -> str:
        """What its head sorts by: params as the numbers that they are; empty for nothing."""
        if self.is_own:
            return OWN_COLUMNS[self.key][1]
        key = key_text(self.kind, self.key)
        return f"number({key})" if self.kind == "params" else key


@dataclass(frozen=True)
class OfferedColumn:
    """A column that could be shown.

    Attributes
    ----------
    equal: All described runs have the same value.
    """

    column: ValueColumn
    shown: bool
    equal: bool


@dataclass(frozen=True)
class ColumnChoice:
    """The columns of a table of runs and those it could have.

    Attributes
    ----------
    own: Columns of what every run has that could be shown.
    chosen: The reader chose; otherwise the table shows what varies.
    named: The reader also chose those of what every run has; otherwise the usual ones stand in front.
    equal: How many params have the same value in all described runs.
    left_out: How many columns are offered by name only, because there are too many.
    described: How many runs, the newest, all of this was chosen by; None when it was all.
    further: Names of columns that other runs may have.
    """

    shown: tuple[ValueColumn, ...]
    metrics: tuple[OfferedColumn, ...]
    params: tuple[OfferedColumn, ...]
    chosen: bool
    equal: int
    left_out: int
    described: int | None = None
    further: tuple[str, ...] = ()
    own: tuple[ValueColumn, ...] = ()
    named: bool = False


def parse_column(name: str) -> ValueColumn | None:
    """The column that a name in the address means."""
    if name in OWN_COLUMNS:
        return ValueColumn(OWN, name)
    match = _NAMED.fullmatch(name)
    return ValueColumn(match[1], match[2]) if match else None


def choose_columns(
    described: RunsDescribed, names: Sequence[str], *, with_equal: bool, usual: Sequence[str] = ()
) -> ColumnChoice:
    """The columns to show and to offer.

    Parameters
    ----------
    described: The keys of the newest matching runs and how much their values differ.
    names: The columns that the reader chose; empty for none. With one of what every run has, they are all columns.
    with_equal: Also show params that are the same in all described runs.
    usual: Columns of what every run has that stand in front where the reader chose none of these.
    """
    runs, params = described.described, described.param_keys
    metrics = sorted(described.metric_keys, key=lambda entry: (-entry.runs, natural(entry.key)))
    equal = {entry.key for entry in params if runs > 1 and entry.distinct < 2 and entry.runs == runs}
    chosen = [column for column in map(parse_column, names) if column is not None]
    varying = params if with_equal else [entry for entry in params if entry.key not in equal]
    named = NAME_COLUMN in names or any(column.is_own for column in chosen)
    shown = chosen
    if not named:
        values = chosen or informative(varying, metrics, runs, MAX_COLUMNS if with_equal else MAX_PARAMS)
        shown = [*(ValueColumn(OWN, name) for name in usual), *values]
    shown = list(dict.fromkeys(shown))[:MAX_COLUMNS]
    offered_metrics = tuple(_offered("metrics", entry.key, shown, False) for entry in metrics[:MAX_OFFERED])
    offered_params = tuple(_offered("params", entry.key, shown, entry.key in equal) for entry in params[:MAX_OFFERED])
    return ColumnChoice(
        shown=tuple(shown),
        metrics=tuple(sorted(offered_metrics, key=lambda offer: natural(offer.column.key))),
        params=tuple(sorted(offered_params, key=lambda offer: natural(offer.column.key))),
        chosen=bool(chosen),
        own=tuple(column for name in OWN_COLUMNS if (column := ValueColumn(OWN, name)) not in shown),
        named=named,
        equal=len(equal),
        left_out=len(metrics) + len(params) - len(offered_metrics) - len(offered_params),
        described=runs if runs < described.runs else None,
        further=(
            *(ValueColumn("metrics", key).name for key in described.further_metric_keys),
            *(ValueColumn("params", key).name for key in described.further_param_keys),
        ),
    )


def informative(
    params: Sequence[ParamKey], metrics: Sequence[MetricKey], runs: int, most_params: int
) -> list[ValueColumn]:
    """The metrics that most runs have, then the params that differ between them, those first that tell the most.

    System metrics only on request.
    """
    logged = [entry for entry in metrics if not entry.key.startswith("system/")]
    usual = max((entry.runs for entry in logged), default=0)
    telling = sorted(
        (entry for entry in logged if entry.runs > usual * _RARE),
        key=lambda entry: (-entry.runs * weight_of(entry.key), natural(entry.key)),
    )
    marks = [entry for entry in telling if weight_of(entry.key) > _BOOKKEEPING]
    telling = marks if len(marks) >= _FEW else telling  # epochs and memory tell little where there is more to tell
    differing = sorted(params, key=lambda entry: (-difference(entry, runs), natural(entry.key)))
    return [
        *(ValueColumn("metrics", entry.key) for entry in telling[:MAX_METRICS]),
        *(ValueColumn("params", entry.key) for entry in differing[:most_params]),
    ]


def _offered(kind: str, key: str, shown: Sequence[ValueColumn], equal: bool) -> OfferedColumn:
    column = ValueColumn(kind, key)
    return OfferedColumn(column, column in shown, equal)
