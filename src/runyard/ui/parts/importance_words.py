"""What was found about params, in words: from how many runs, in which direction, and what it cannot say."""

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.core.amounts import plural
from runyard.importance.findings import TREES
from runyard.importance.forest import FEWEST_RUNS
from runyard.importance.ranks import FEWEST_PAIRS
from runyard.ui.parts.format import shortened
from runyard.ui.parts.importance import MAX_PARAMS, Known

_UNEXPLAINED = 0.1
"""Trees that predict less than this of the order of runs have found nothing to speak of."""
_NOTHING = 0.01
_CAUSES = (
    "It shows what {metric} went along with in these runs, not what causes it. Params that change together share what "
    "they tell, and a param that was hardly varied cannot show that it matters."
)
_ALONE = "A best value in the middle, and params that matter only together, are not seen this way."


def answer_of(known: Known | None, metric: str) -> dict[str, Any]:
    """What the page is answered about a metric: ``state`` is ``working``, ``failed`` or ``done``."""
    if known is None:
        return {"state": "working", "summary": f"Finding out what matters for {metric}…"}
    if known.findings is None:
        return {"state": "failed", "summary": known.problem}
    found = known.findings
    if found["runs"] < FEWEST_PAIRS or not found["params"]:
        return {"state": "done", "summary": _nothing(found, metric), "notes": _notes(known, metric), "params": []}
    greatest = max((entry["importance"] for entry in found["params"]), default=0.0)
    params = [_param(entry, metric, greatest) for entry in found["params"]]
    summary = _by_trees(found, metric) if found["method"] == TREES else _by_ranks(found, metric)
    causes = _CAUSES.format(metric=metric) if found["method"] == TREES else f"{_CAUSES.format(metric=metric)} {_ALONE}"
    return {"state": "done", "summary": summary, "notes": [causes, *_notes(known, metric)], "params": params}


def _nothing(found: Mapping[str, Any], metric: str) -> str:
    if found["runs"] < FEWEST_PAIRS:
        return f"{plural(found['runs'], 'run')} with {metric}: too few to tell what matters for it."
    return f"{plural(found['runs'], 'run')} with {metric}, and no param that varies between them."


def _by_trees(found: Mapping[str, Any], metric: str) -> str:
    explained = max(found["explained"], 0.0)
    method = f"{found['runs']:,} runs, by an ensemble of trees (permutation importance)."
    if explained < _UNEXPLAINED:
        return f"{method} It cannot predict {metric} from the params: differences below are mostly chance."
    return f"{method} It predicts {explained:.0%} of the order of {metric} in runs that it had not seen."


def _by_ranks(found: Mapping[str, Any], metric: str) -> str:
    reason = f"trees need {FEWEST_RUNS} runs" if found["installed"] else "scikit-learn is not installed on the server"
    return (
        f"{found['runs']:,} runs, by the rank correlation of each param alone with {metric}, as {reason}. "
        "The share is what a param accounts for."
    )


def _param(entry: Mapping[str, Any], metric: str, greatest: float) -> dict[str, Any]:
    importance, deviation, way = max(entry["importance"], 0.0), entry["deviation"], entry["direction"]
    text = f"{importance:.2f}" if deviation is None else f"{importance:.2f} ± {deviation:.2f}"
    sign, words = _direction(way, entry["key"], metric, matters=importance >= _NOTHING)
    return {
        "key": entry["key"],
        "importance": importance,
        "text": text,
        "share": round(importance / max(greatest, _UNEXPLAINED), 3),
        "runs": way["runs"],
        "sign": sign,
        "direction": words,
    }


def _direction(way: Mapping[str, Any], key: str, metric: str, *, matters: bool) -> tuple[str, str]:
    """The sign, ``+``, ``-`` or nothing, and what it says."""
    if way["rho"] is not None:
        if not way["clear"]:
            return "", "in no single direction" if matters else "no clear direction"
        word = "higher" if way["rho"] > 0 else "lower"
        return "+" if way["rho"] > 0 else "-", f"higher {shortened(key, 40)}, {word} {metric} (ρ {way['rho']:+.2f})"
    if not matters:
        return "", "no clear direction"
    if way["highest"]:
        return "", f"highest with {shortened(way['highest'], 40)}, lowest with {shortened(way['lowest'], 40)}"
    return "", "texts, without an order"


def _notes(known: Known, metric: str) -> Sequence[str]:
    found = known.findings or {}
    notes = []
    if known.more or known.sampled < known.runs:
        of = f"the newest {known.runs:,} matching runs" if known.more else f"{known.runs:,} matching runs"
        notes.append(f"Found from a sample: {known.sampled:,} of {of}.")
    if found.get("left_out"):
        notes.append(f"{plural(found['left_out'], 'run')} left out that {_has(found['left_out'])} no finite {metric}.")
    if found.get("same"):
        notes.append(f"{plural(found['same'], 'param')} left out with one value in all of these runs.")
    if found.get("names"):
        listed = ", ".join(shortened(name, 40) for name in found["names"][:5])
        notes.append(f"Left out, because nearly every run has another text: {listed}.")
    if known.params > MAX_PARAMS:
        notes.append(f"{MAX_PARAMS} of {known.params} params were looked at, those that vary most.")
    return notes


def _has(count: int) -> str:
    return "has" if count == 1 else "have"
