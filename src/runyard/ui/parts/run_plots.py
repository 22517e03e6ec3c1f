"""Plots over all runs of a view: where their values come from, what they can be of, and what they begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.tracking.run_values.messages import TIMES
from runyard.tracking.runs.messages import RunsDescribed
from runyard.ui.parts.columns import MAX_OFFERED, informative
from runyard.ui.parts.runs_scope import Scope
from runyard.ui.site import Site

MAX_AXES = 8
"""Axes that parallel coordinates begin with. More columns would have a smaller sample."""
_OWN = (("status", "Status"), ("user_id", "User"), ("start_time", "Started"), ("duration", "Took"))


@dataclass(frozen=True)
class RunPlots:
    """What the component of the plots is told.

    Attributes
    ----------
    values: Address of the values, without columns and filter.
    importance: Address of what matters, without metric and filter.
    run: Address of a run's page, with an empty id at its end.
    filter: The filter of the table.
    metrics, params: Keys that can be plotted.
    own: Names of what every run has, with what it is called.
    times: Those of these that are times or durations.
    axes: Names of the columns that plots begin with: the metrics and params that tell the most.
    runs: How many runs match.
    """

    values: str
    importance: str
    run: str
    filter: str
    metrics: Sequence[str]
    params: Sequence[str]
    own: Mapping[str, str]
    times: Sequence[str]
    axes: Sequence[str]
    runs: int

    @property
    def config(self) -> dict[str, Any]:
        """The same as the script reads it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def run_plots(site: Site, scope: Scope, view: str, filter_text: str, described: RunsDescribed) -> RunPlots:
    """The plots of a table's runs.

    Parameters
    ----------
    view: Which runs by lifecycle stage, as the address has it.
    filter_text: The filter; empty where the table shows all runs because it is wrong.
    described: The keys of the matching runs and how much their values differ.
    """
    metrics = sorted(described.metric_keys, key=lambda entry: (-entry.runs, entry.key))
    runs = described.described
    varying = [entry for entry in described.param_keys if entry.distinct > 1 or entry.runs < runs]
    telling = informative(varying, metrics, runs, MAX_AXES)
    several = (("experiment_id", "Experiment"),) if scope.several else ()
    query = {"experiments": ",".join(scope.ids), "view": view}
    axes = [column.name for column in telling if column.kind == "params"][: MAX_AXES - 1]
    return RunPlots(
        values=site.urls("ui", "plots", "values", **query),
        importance=site.urls("ui", "plots", "importance", **query),
        run=site.urls("runs", ""),
        filter=filter_text,
        metrics=[column.key for column in telling if column.kind == "metrics"]
        + _others([entry.key for entry in metrics], telling),
        params=[column.key for column in telling if column.kind == "params"]
        + _others([entry.key for entry in described.param_keys], telling),
        own=dict([*_OWN, *several]),
        times=TIMES,
        axes=[*axes, *(column.name for column in telling if column.kind == "metrics")][:MAX_AXES],
        runs=described.runs,
    )


def _others(keys: Sequence[str], telling: Sequence[Any]) -> list[str]:
    """Keys that are not among the telling ones, in order, up to a limit."""
    told = {column.key for column in telling}
    return sorted(key for key in keys if key not in told)[:MAX_OFFERED]
