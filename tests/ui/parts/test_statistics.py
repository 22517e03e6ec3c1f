"""Statistics of few runs, against pandas and scipy."""

import math
import random

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from runyard.ui.parts.statistics import Sample, explained_by_groups, explained_by_rank, interval_of_difference


@pytest.mark.parametrize("seed", range(8))
def test_means_and_deviations_are_those_of_pandas(seed: int) -> None:
    """Also of values that are large, or lie close together; what is not finite is counted apart."""
    some = random.Random(seed)
    values = [some.choice([1e-9, 1.0, 1e9]) * some.gauss(3, 1) + some.choice([0, 1e12]) for _ in range(seed + 2)]
    series = pd.Series(values)

    found = Sample.of([*values, math.nan, math.inf])

    assert (len(values), 2) == (found.size, found.left_out)
    assert found.mean == pytest.approx(series.mean(), rel=1e-12)
    assert found.sd == pytest.approx(series.std(), rel=1e-9)
    assert Sample(1, 2.0, None) == Sample.of([2.0])
    assert Sample(0, None, None, 1) == Sample.of([math.nan])
    assert 0.0 == Sample.of([2.0, 2.0]).sd


@pytest.mark.parametrize(("first", "second"), [(2, 2), (5, 5), (3, 20), (2, 40)])
def test_the_interval_of_a_difference_is_that_of_scipy(first: int, second: int) -> None:
    """Welch's, for groups whose deviations may differ."""
    some = np.random.default_rng(first * second)
    one, other = some.normal(1, 0.1, first), some.normal(1.2, 2, second)
    expected = stats.ttest_ind(other, one, equal_var=False).confidence_interval()

    found = interval_of_difference(Sample.of(one.tolist()), Sample.of(other.tolist()))

    assert found == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert interval_of_difference(Sample.of([1.0]), Sample.of([1.0, 2.0])) is None
    assert (1.0, 1.0) == interval_of_difference(Sample.of([1.0, 1.0]), Sample.of([2.0, 2.0]))


def test_what_explains_a_metric_is_what_scipy_says() -> None:
    """Eta squared is the F of an analysis of variance in other words; the rank correlation is Spearman's, ties too."""
    some = np.random.default_rng(4)
    labels = [*"aabbbccccc"]
    values = [ord(label) + some.normal() for label in labels]
    settings = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0]
    groups = [[value for value, label in zip(values, labels, strict=True) if label == name] for name in "abc"]
    f = stats.f_oneway(*groups).statistic

    by_groups, by_rank = explained_by_groups(values, labels), explained_by_rank(values, settings)

    assert by_groups
    assert by_rank
    assert by_groups.raw == pytest.approx(f * 2 / (f * 2 + 7))
    assert by_groups.share == pytest.approx(1 - (1 - by_groups.raw) * 9 / 7)
    assert by_rank.correlation == pytest.approx(stats.spearmanr(values, settings).statistic)


def test_what_cannot_be_told_is_none() -> None:
    """A group for every run explains everything and nothing."""
    assert explained_by_groups([1.0, 2.0, 3.0], ["a", "b", "c"]) is None
    assert explained_by_groups([1.0, 2.0, 3.0], ["a", "a", "a"]) is None
    assert explained_by_groups([1.0, 1.0, 1.0], ["a", "a", "b"]) is None
    assert explained_by_rank([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) is None
    assert explained_by_rank([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]) is None
