"""How much params tell about a metric, one param at a time, by ranks: needs no package."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

FEWEST_PAIRS = 3
Value = float | str | None


@dataclass(frozen=True)
class Direction:
    """How a metric goes with a param.

    Attributes
    ----------
    runs: How many runs have both.
    rho: Spearman's rank correlation, where the param is a number in all of them; None otherwise.
    clear: Whether the correlation is beyond what chance gives in one case of twenty.
    highest, lowest: The texts with the highest and the lowest mean rank of the metric, of those that several runs have.
    explained: How much of the metric's ranks the param alone accounts for, from 0 to 1.
    """

    runs: int
    rho: float | None = None
    clear: bool = False
    highest: str = ""
    lowest: str = ""
    explained: float = 0.0


@dataclass
class _Texts:
    ranks: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        return math.fsum(self.ranks) / len(self.ranks)


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, counted from 1; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            found[place] = (start + end) / 2 + 1
        start = end + 1
    return found


def correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Pearson's correlation of two lists; 0 where one of them does not vary."""
    count = len(left)
    means = math.fsum(left) / count, math.fsum(right) / count
    both = math.fsum((a - means[0]) * (b - means[1]) for a, b in zip(left, right, strict=True))
    spread = math.fsum((a - means[0]) ** 2 for a in left) * math.fsum((b - means[1]) ** 2 for b in right)
    return both / math.sqrt(spread) if spread > 0 else 0.0


def direction(param: Sequence[Value], metric: Sequence[float]) -> Direction:
    """How a metric goes with one param; runs without the param are left out.

    Numbers: Spearman's rank correlation (C. Spearman, 1904), clear where ``|rho| sqrt((n - 2) / (1 - rho²))``, which is
    about normal, is over 1.96. Texts: the share of the variance of ranks between them, less what chance gives (the
    epsilon squared of T. L. Kelley, 1935).
    """
    pairs = [(value, number) for value, number in zip(param, metric, strict=True) if value is not None]
    if len(pairs) < FEWEST_PAIRS:
        return Direction(len(pairs))
    placed = ranks([number for _, number in pairs])
    numbers = [value for value, _ in pairs if not isinstance(value, str)]
    if len(numbers) == len(pairs):
        rho = correlation(ranks(numbers), placed)
        far = abs(rho) * math.sqrt((len(pairs) - 2) / max(1 - rho * rho, 1e-12))
        return Direction(len(pairs), rho, far > 1.96, explained=rho * rho)
    texts: dict[Any, _Texts] = {}
    for (value, _), rank in zip(pairs, placed, strict=True):
        texts.setdefault(value, _Texts()).ranks.append(rank)
    several = {text: each.mean for text, each in texts.items() if len(each.ranks) > 1} or {}
    clear = len(several) > 1
    return Direction(
        len(pairs),
        highest=str(max(several, key=several.__getitem__)) if clear else "",
        lowest=str(min(several, key=several.__getitem__)) if clear else "",
        explained=_between(list(texts.values()), placed),
    )


def _between(texts: Sequence[_Texts], placed: Sequence[float]) -> float:
    count, mean = len(placed), math.fsum(placed) / len(placed)
    total = math.fsum((rank - mean) ** 2 for rank in placed)
    if not total or len(texts) in (1, count):
        return 0.0
    within = math.fsum((rank - each.mean) ** 2 for each in texts for rank in each.ranks)
    return max(0.0, 1 - (within / (count - len(texts))) / (total / (count - 1)))
