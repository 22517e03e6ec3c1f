"""What is found about the params of runs, with the values that it is found from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runyard.importance.forest import FEWEST_RUNS, Forest, grow
from runyard.importance.ranks import FEWEST_PAIRS, Direction, Value, direction

TREES, RANKS = "trees", "ranks"
_MANY = 10
"""A text that is another in more than half of over ten runs is a name of these, and tells nothing of others."""


@dataclass(frozen=True)
class Finding:
    """What is found about one param.

    Attributes
    ----------
    importance: With trees, what is lost of the explained share when the param is shuffled; with ranks, the share that
        the param alone accounts for. About 0 for a param that tells nothing.
    deviation: How far the importance is apart between shuffles; None with ranks.
    """

    key: str
    importance: float
    deviation: float | None
    direction: Direction


@dataclass(frozen=True)
class Findings:
    """What is found about all params, the most important first.

    Attributes
    ----------
    method: ``trees`` or ``ranks``.
    runs: How many runs it is found from: those with a finite value of the metric.
    left_out: How many runs have none.
    installed: Whether scikit-learn is installed.
    explained: How much of the order of runs the trees predict; None with ranks.
    same: How many params were left out because these runs have one value of each.
    names: Params that were left out because nearly every run has another text.
    """

    method: str
    runs: int
    left_out: int
    installed: bool = True
    explained: float | None = None
    params: Sequence[Finding] = field(default_factory=tuple)
    same: int = 0
    names: Sequence[str] = field(default_factory=tuple)


def find(metric: Sequence[float | None], params: Mapping[str, Sequence[Value]]) -> Findings:
    """How much params tell about a metric.

    Parameters
    ----------
    metric: Its value in each run; None, NaN and infinities are left out.
    params: By key the value of each run, None where it has none.
    """
    places = [place for place, value in enumerate(metric) if value is not None and math.isfinite(value)]
    target = [value for value in metric if value is not None and math.isfinite(value)]
    kept = {key: [values[place] for place in places] for key, values in params.items()}
    varying = {key: values for key, values in kept.items() if len(set(values)) > 1}
    names = [key for key, values in varying.items() if _are_names(values)]
    told = {key: values for key, values in varying.items() if key not in names}
    installed, forest = True, None
    if told and len(target) >= FEWEST_RUNS:
        try:
            forest = grow(list(told.values()), target)
        except ImportError:
            installed = False
    return Findings(
        method=TREES if forest else RANKS,
        runs=forest.runs if forest else len(target),
        left_out=len(metric) - len(places),
        installed=installed,
        explained=forest.explained if forest else None,
        params=_sorted(told, target, forest) if len(target) >= FEWEST_PAIRS else (),
        same=len(kept) - len(varying),
        names=names,
    )


def _sorted(told: Mapping[str, Sequence[Value]], target: Sequence[float], forest: Forest | None) -> list[Finding]:
    found = []
    for place, (key, values) in enumerate(told.items()):
        way = direction(values, target)
        importance = forest.importances[place] if forest else way.explained
        found.append(Finding(key, importance, forest.deviations[place] if forest else None, way))
    return sorted(found, key=lambda finding: (-finding.importance, finding.key))


def _are_names(values: Sequence[Value]) -> bool:
    had = [value for value in values if value is not None]
    return len(had) > _MANY and all(isinstance(value, str) for value in had) and len(set(had)) > len(had) / 2
