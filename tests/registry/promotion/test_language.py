"""The language of conditions: what is understood, what is refused and how, and what it comes to."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.exceptions import InvalidParameter
from runyard.registry.promotion.condition import parse_condition
from runyard.registry.promotion.expressions import Comparison, Metric, NoValue, holds, value_of
from runyard.search.errors import InvalidSearch

CANDIDATE_F1, CHAMPION_F1 = Metric("candidate", "", "f1"), Metric("alias", "champion", "f1")
FIGURES = {CANDIDATE_F1: 0.9, CHAMPION_F1: 0.8}


def judged(text: str) -> list[bool]:
    """Which comparisons hold, with f1 of 0.9 for the candidate and 0.8 for the champion."""
    return [holds(value_of(one.left, FIGURES), one.operator, value_of(one.right, FIGURES)) for one in comparisons(text)]


def comparisons(text: str) -> list[Comparison]:
    """The parts of a condition that has no alternatives."""
    return [part for part in parse_condition(text) if isinstance(part, Comparison)]


def only_metric(text: str) -> Metric:
    """The one metric of a comparison."""
    [comparison] = parse_condition(text)
    [metric] = comparison.metrics()
    return metric


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.f1 > 0.8 and metrics.f1 >= champion.f1 - 0.005", [True, True]),
        ("metrics.f1 > 0.8 AND metrics.f1 < 0.85 And champion.f1 = 0.8", [True, False, True]),
        ("champion.f1 == 0.8", [True]),
        ("metrics.f1 != 0.9", [False]),
        ("metrics.f1 <= 0.9", [True]),
        ("metrics.f1-0.005>=champion.f1", [True]),
        ("metrics.f1 - 0.05 - 0.05 < 0.81", [True]),
        ("metrics.f1 * 2 + 1 > 2.79", [True]),
        ("1 + 2 * metrics.f1 < 2.81", [True]),
        ("(1 + 2) * metrics.f1 > 2.69", [True]),
        ("-metrics.f1 < -champion.f1", [True]),
        ("8 / 4 / 2 > metrics.f1", [True]),
        ("--1 > metrics.f1", [True]),
        ("metrics.f1 / champion.f1 > 1.1", [True]),
        (".5e1 > metrics.f1 and 1. > metrics.f1", [True, True]),
        ("2 - -metrics.f1 > 2.8", [True]),
    ],
)
def test_conditions_mean_what_they_say(text: str, expected: list[bool]) -> None:
    """Precedence and signs are those of school."""
    assert expected == judged(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.val.f1 > 0", ("candidate", "", "val.f1")),
        ("metrics.`val-f1 (macro)/x` > 0", ("candidate", "", "val-f1 (macro)/x")),
        ('metrics."val f1" > 0', ("candidate", "", "val f1")),
        ("metrics.5fold > 0", ("candidate", "", "5fold")),
        ("metrics.layer.3 > 0", ("candidate", "", "layer.3")),
        ("metrics.and > 0", ("candidate", "", "and")),
        ("metrics.metrics.f1 > 0", ("candidate", "", "metrics.f1")),
        ("champion.metrics.f1 > 0", ("alias", "champion", "f1")),
        ("champion.metrics > 0", ("alias", "champion", "metrics")),
        ("`prod-eu`.f1 > 0", ("alias", "prod-eu", "f1")),
        ("current.f1 > 0", ("current", "", "f1")),
        ("current.metrics.f1 > 0", ("current", "", "f1")),
        ("`current`.f1 > 0", ("alias", "current", "f1")),
        ("`metrics`.f1 > 0", ("alias", "metrics", "f1")),
        ("étoile.précision > 0", ("alias", "étoile", "précision")),
    ],
)
def test_names_lead_to_the_metric_meant(text: str, expected: tuple[str, str, str]) -> None:
    """Whose it is, which alias, and which key."""
    metric = only_metric(text)

    assert expected == (metric.whose, metric.alias, metric.key)


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "blank"),
        ("  ", 2, "blank"),
        ("metrics.f1", 10, "comparator"),
        ("metrics.f1 >", 12, "number or a metric"),
        ("metrics.f1 > 0.8 and", 20, "number or a metric"),
        ("metrics.f1 > 0.8 or", 19, "number or a metric"),
        ("not", 3, "number or a metric"),
        ("metrics.f1 between 0.8 or 0.9", 23, "BETWEEN needs two values"),
        ("(metrics.f1 > 0.8 or (metrics.f1 < 2)", 0, "This bracket is not closed"),
        ("not (metrics.f1 > 0 or 1 = 1)", 23, "names no metric"),
        ("metrics.f1 > 0.8 and and metrics.f1 > 1", 21, "number or a metric"),
        ("0.1 < metrics.f1 < 0.9", 17, "One comparator at a time"),
        ("metrics.f1 => 0.8", 11, "Unknown comparator"),
        ("metrics.f1 LIKE 'x'", 11, "comparator"),
        ("f1 > 0.8", 0, "'f1' is not a metric"),
        ("metrics. f1 > 0.8", 9, "directly after the dot"),
        ("metrics.val-f1 > 0.8", 12, "'f1' is not a metric"),
        ("metrics.`` > 0.8", 8, "cannot be empty"),
        ("metrics.`f1 > 0.8", 8, "not closed"),
        ("(metrics.f1 > 0.8", 0, "not closed"),
        ("metrics.f1 > (0.8 + 1", 13, "not closed"),
        ("metrics.f1 > 0.8)", 16, "Join comparisons with AND"),
        ("metrics.f1 > 1.2.3", 13, "not a number"),
        ("metrics.f1 > 5x", 13, "not a number"),
        ("metrics.f1 > 1e999", 13, "too large"),
        ("metrics.f1 > 1 / 0", 17, "divides by zero"),
        ("metrics.f1 > 1 / (2 - 2)", 17, "divides by zero"),
        ("metrics.f1 > 1 / (1e308 * 10 - 1e308 * 10)", 17, "no value"),
        ("1 < 2", 0, "names no metric"),
        ("metrics.f1 > 0 and 1 = 1", 19, "names no metric"),
        ("latest.f1 > 0", 0, "latest version"),
        ("metrics.f1 ** 2 > 0", 12, "number or a metric"),
        ("metrics.f1 > 0; drop", 14, "Unexpected ';'"),
        ("__import__('os').system > 0", 0, "'__import__' is not a metric"),
        ("metrics.f1 > 0\x00", 14, "U+0000"),
    ],
)
def test_what_is_wrong_is_named_and_pointed_at(text: str, position: int, problem: str) -> None:
    """A pipeline's author must find the mistake without reading a grammar."""
    with pytest.raises(InvalidSearch, match=re.escape(problem)) as caught:
        parse_condition(text)

    assert position == caught.value.position
    assert f"(character {position + 1})" in caught.value.message
    assert 400 == caught.value.http_status


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_900,
        "-" * 1_900,
        "metrics.f1 > " + "(" * 50 + "1" + ")" * 50,
        "metrics.f1 > " + "1+" * 900 + "1",
        "metrics.f1 > " + "1" * 1_900 + "x",
        "`" * 1_999,
        "a." * 999,
        " and ".join(["metrics.a > 1"] * 21),
        "metrics.a > 1 " + "and " * 400,
        "x" * 2_001,
        "x" * 3_000_000,
    ],
)
def test_hostile_texts_are_refused(text: str) -> None:
    """No condition, however long or deep, keeps the store busy or breaks Python's stack."""
    with pytest.raises(InvalidSearch):
        parse_condition(text)


def test_a_large_condition_is_fine() -> None:
    """The bounds leave room for what people write."""
    text = " and ".join(["metrics.a + champion.b * 2 - (current.c / 3) > 1"] * 12)

    assert 12 == len(parse_condition(text))


def test_division_by_a_figure_of_zero_has_no_value() -> None:
    """It is known only with the figures, so it is not an error in the condition."""
    [comparison] = comparisons("1 / metrics.f1 > 0")

    with pytest.raises(NoValue, match="divides by zero"):
        value_of(comparison.left, {CANDIDATE_F1: 0.0})


def test_what_overflows_to_no_number_has_no_value() -> None:
    """Infinity minus infinity must not count as smaller or greater than anything."""
    [comparison] = comparisons("metrics.f1 - metrics.f1 < 1")

    with pytest.raises(NoValue, match="not a number"):
        value_of(comparison.left, {CANDIDATE_F1: math.inf})


WORDS = """metrics champion current latest . f1 `k` 'v' "v" 1 2.5e3 .5 1e999 = == != > >= < <= + - * / ( ) and AND or
not , ; \\ % é 0x1 1e ' " `""".split()
PIECES = st.sampled_from([*WORDS, " ", "\n", "\x00", "\ud800"])
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(PIECES, max_size=60).map("".join), st.lists(PIECES, max_size=30).map(" ".join)
)


@given(TEXTS)
def test_any_text_is_understood_or_refused(text: str) -> None:
    """No text at all makes the parser fail in another way, and what it says can be sent as JSON."""
    try:
        parts = parse_condition(text)
    except InvalidParameter as error:
        error.message.encode()
    else:
        assert all(part.metrics() for part in parts)


SIDES = st.recursive(
    st.sampled_from(["metrics.f1", "champion.f1", "1", "0.5", "2e3"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda side: f"-{side}"),
    ),
    max_leaves=8,
)


@given(SIDES)
def test_a_calculation_comes_to_what_python_makes_of_it(side: str) -> None:
    """The same operators in the same order give the same number."""
    [comparison] = comparisons(f"{side} <= metrics.f1")
    expected = eval(side.replace("metrics.f1", "0.9").replace("champion.f1", "0.8"))

    assert expected == value_of(comparison.left, FIGURES)
