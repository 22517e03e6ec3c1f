"""Statistics of a few runs: means and deviations, intervals of differences, and how much a setting explains."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from runyard.importance.ranks import correlation, ranks

_TINY, _CLOSE = 1e-300, 1e-14
_MOST_TERMS = 500


@dataclass(frozen=True)
class Sample:
    """Some values.

    Attributes
    ----------
    size: How many finite values there are.
    mean: Their mean; None without any.
    sd: The standard deviation of a sample (divided by n - 1), as pandas has it; None with fewer than two.
    left_out: How many values are not finite.
    """

    size: int
    mean: float | None
    sd: float | None
    left_out: int = 0

    @classmethod
    def of(cls, values: Iterable[float]) -> "Sample":
        """What some values come to."""
        every = list(values)
        finite = [value for value in every if math.isfinite(value)]
        left_out = len(every) - len(finite)
        if not finite:
            return cls(0, None, None, left_out)
        mean = _mean(finite)
        if len(finite) < 2 or not math.isfinite(mean):
            return cls(len(finite), mean, None, left_out)
        scale = max(abs(value - mean) for value in finite)
        if not scale or not math.isfinite(scale):
            return cls(len(finite), mean, scale if not scale else None, left_out)
        squares = math.fsum(((value - mean) / scale) ** 2 for value in finite)
        return cls(len(finite), mean, scale * math.sqrt(squares / (len(finite) - 1)), left_out)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(value / len(values) for value in values)


def interval_of_difference(first: Sample, second: Sample, confidence: float = 0.95) -> tuple[float, float] | None:
    """The interval of the difference of two means, the second without the first; None without two values in each.

    The groups may have different deviations: B. L. Welch, "The generalization of Student's problem when several
    different population variances are involved" (Biometrika 34, 1947); degrees of freedom after Satterthwaite.

    Parameters
    ----------
    confidence: The share of intervals, from 0 to 1, that hold the true difference where values are normal.
    """
    if first.sd is None or second.sd is None or first.mean is None or second.mean is None:
        return None
    parts = [sample.sd**2 / sample.size for sample in (first, second) if sample.sd is not None]
    error, by = math.sqrt(sum(parts)), second.mean - first.mean
    if not math.isfinite(error):
        return None
    if not error:
        return by, by
    shares = [part / sum(parts) for part in parts]
    freedom = 1 / (shares[0] ** 2 / (first.size - 1) + shares[1] ** 2 / (second.size - 1))
    reach = _student_quantile((1 + confidence) / 2, freedom) * error
    return by - reach, by + reach


@lru_cache(1_000)
def _student_quantile(share: float, freedom: float) -> float:
    """The value that a share of Student's distribution is below, for shares over a half; by halving."""
    low, high = 0.0, 1.0
    while _student_share(high, freedom) < share and high < 1e12:
        low, high = high, high * 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_share(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def _student_share(value: float, freedom: float) -> float:
    return 1 - _beta_share(freedom / (freedom + value * value), freedom / 2, 0.5) / 2


def _beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Abramowitz & Stegun, 26.5.8)."""
    if not 0 < x < 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(1 - x, b, a)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    fraction, numerator, denominator = 1.0, 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    fraction = denominator
    for term in range(1, _MOST_TERMS):
        for factor in (
            term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term)),
            -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1)),
        ):
            denominator = 1 / _not_zero(1 + factor * denominator)
            numerator = _not_zero(1 + factor / numerator)
            change = numerator * denominator
            fraction *= change
        if abs(change - 1) < _CLOSE:
            break
    return math.exp(logarithm) * fraction / a


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


@dataclass(frozen=True)
class Explained:
    """How much of how a metric varies a setting goes along with.

    Attributes
    ----------
    share: From 0 to 1, corrected for how many groups there are among how few runs.
    raw: The same without the correction: eta squared, or the square of the rank correlation.
    correlation: The rank correlation, from -1 to 1; None where the setting is taken as names of groups.
    runs: How many runs have both.
    groups: How many different values of the setting there are.
    """

    share: float
    raw: float
    correlation: float | None
    runs: int
    groups: int


def explained_by_groups(values: Sequence[float], labels: Sequence[str]) -> Explained | None:
    """Eta squared: the share of the sum of squares that is between groups (K. Pearson, 1911; R. A. Fisher, 1925).

    The corrected share is epsilon squared (T. L. Kelley, "An unbiased correlation ratio measure", PNAS 21, 1935).
    None where every run is a group of its own, all are one, or the metric does not vary.
    """
    groups: dict[str, list[float]] = {}
    for value, label in zip(values, labels, strict=True):
        groups.setdefault(label, []).append(value)
    mean = _mean(values)
    total = math.fsum((value - mean) ** 2 for value in values)
    if not 1 < len(groups) < len(values) or not total or not math.isfinite(total):
        return None
    between = math.fsum(len(group) * (_mean(group) - mean) ** 2 for group in groups.values())
    raw = min(1.0, between / total)
    return Explained(_corrected(raw, len(values), len(groups) - 1), raw, None, len(values), len(groups))


def explained_by_rank(values: Sequence[float], settings: Sequence[float]) -> Explained | None:
    """The square of the rank correlation (C. Spearman, "The proof and measurement of association", 1904).

    Ties have their mean rank. None with fewer than four runs, or where one of both does not vary.
    """
    if len(values) < 4 or len(set(values)) < 2 or len(set(settings)) < 2:
        return None
    found = max(-1.0, min(1.0, correlation(ranks(values), ranks(settings))))
    share = _corrected(found**2, len(values), 1)
    return Explained(share, found**2, found, len(values), len(set(settings)))


def _corrected(raw: float, runs: int, used: int) -> float:
    """A share of what varies, less what as many free values would explain of noise; 0 where none is left."""
    if runs - used - 1 <= 0:
        return 0.0
    return max(0.0, 1 - (1 - raw) * (runs - 1) / (runs - used - 1))
