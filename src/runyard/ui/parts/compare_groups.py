"""Two groups of the compared runs, such as five seeds each: mean, standard deviation and difference of every metric."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runyard.tracking.runs.entities import Run
from runyard.ui.parts.compare_state import Comparison
from runyard.ui.parts.compare_table import difference
from runyard.ui.parts.format import MISSING, exact
from runyard.ui.parts.metric_names import Goal, weight_of
from runyard.ui.parts.numbers import Write, writer_of
from runyard.ui.parts.presentation import own_run_tags
from runyard.ui.parts.statistics import Sample, interval_of_difference

MAX_KEYS = 60
MAX_ROWS = 150


@dataclass(frozen=True)
class SampleCell:
    """The values of a metric in a group: mean and deviation as they are shown, in full, and how many there are."""

    text: str
    title: str
    runs: int


@dataclass(frozen=True)
class GroupedMetric:
    """A metric in two groups.

    Attributes
    ----------
    delta: The second group's mean without the first one's; empty where there is none.
    judged: ``better`` or ``worse``, where the metric's name tells what is better.
    interval: The ends of the 95 % interval of the difference; empty where a group has fewer than two values.
    clear: The interval leaves out zero.
    """

    key: str
    cells: tuple[SampleCell, SampleCell]
    delta: str
    title: str
    judged: str
    interval: str
    clear: bool


@dataclass(frozen=True)
class Groups:
    """Two groups of runs by what they have in a param or tag.

    Attributes
    ----------
    keys: What can group the runs; its name is the first, with ``params.`` or ``tags.``.
    values: The values of it, with how many runs have each.
    first, second: The values of the two groups.
    cut: How many metrics are not shown.
    """

    keys: tuple[str, ...]
    key: str
    values: tuple[tuple[str, int], ...]
    first: str
    second: str
    metrics: tuple[GroupedMetric, ...]
    cut: int


def groups_of(comparison: Comparison) -> Groups | None:
    """The two groups that an address names, or the largest two of the param or tag that makes the fewest groups.

    None where all runs are alike.
    """
    texts = [_texts(run) for run in comparison.runs]
    found = {key: _values(texts, key) for key in dict.fromkeys(key for text in texts for key in text)}
    keys = sorted((key for key, values in found.items() if len(values) > 1), key=lambda key: _order(found[key], key))
    if not keys:
        return None
    asked = comparison.state.text("group")
    key = asked if asked in keys else keys[0]
    values = sorted(found[key].items(), key=lambda one: (-one[1], one[0]))
    names = [value for value, _ in values]
    first, second = (comparison.state.text(name) for name in ("first", "second"))
    first = first if first in names else next(name for name in names if name != second)
    second = second if second in names and second != first else next(name for name in names if name != first)
    members = [
        [run for run, text in zip(comparison.runs, texts, strict=True) if text.get(key) == value]
        for value in (first, second)
    ]
    metrics = sorted({name for runs in members for run in runs for name in run.data.metrics})
    wanted = [name for name in metrics if not name.startswith("system/") and comparison.find.lower() in name.lower()]
    wanted.sort(key=lambda name: (-weight_of(name), name))
    shown = tuple(_grouped(name, members, comparison.goal(name)) for name in wanted[:MAX_ROWS])
    offered = tuple(dict.fromkeys((key, *keys[:MAX_KEYS])))
    return Groups(offered, key, tuple(values), first, second, shown, len(wanted) - len(shown))


def _texts(run: Run) -> dict[str, str]:
    params = {f"params.{key}": value for key, value in run.data.params.items()}
    return params | {f"tags.{key}": value for key, value in own_run_tags(run.data.tags).items()}


def _values(texts: Sequence[dict[str, str]], key: str) -> dict[str, int]:
    values: dict[str, int] = {}
    for text in texts:
        if key in text:
            values[text[key]] = values.get(text[key], 0) + 1
    return values


def _order(values: dict[str, int], key: str) -> tuple[bool, int, str]:
    """Those first that make groups of several runs, then those that make few."""
    return max(values.values()) < 2, len(values), key


def _grouped(key: str, members: Sequence[Sequence[Run]], goal: Goal | None) -> GroupedMetric:
    samples = [Sample.of(run.data.metrics[key] for run in runs if key in run.data.metrics) for runs in members]
    first, second = samples
    known = [value for sample in samples for value in (sample.mean, sample.sd) if value is not None]
    write = writer_of(key, known)
    cells = []
    for sample in samples:
        text = MISSING if sample.mean is None else write(sample.mean)
        text += "" if sample.sd is None else f" ± {write(sample.sd)}"
        left_out = f", {sample.left_out} without a finite number" if sample.left_out else ""
        title = f"mean {exact(sample.mean)}\nsd {exact(sample.sd)}\n{sample.size} runs{left_out}"
        cells.append(SampleCell(text, title, sample.size))
    if first.mean is None or second.mean is None:
        return GroupedMetric(key, (cells[0], cells[1]), "", "", "", "", clear=False)
    by = second.mean - first.mean
    interval = interval_of_difference(first, second)
    ends = "" if interval is None else f"{_signed(interval[0], write)} to {_signed(interval[1], write)}"
    clear = interval is not None and not interval[0] <= 0 <= interval[1]
    delta, judged = difference(by, goal, write) if by else (write(0.0), "")
    relative = f", {by / abs(first.mean):+.2%}" if first.mean and math.isfinite(by / first.mean) else ""
    title = f"{exact(by)}{relative}"
    return GroupedMetric(key, (cells[0], cells[1]), delta, title, judged if clear else "", ends, clear)


def _signed(value: float, write: Write) -> str:
    return difference(value, None, write)[0] if value else "0"
