"""Conditions with OR, NOT, brackets and ranges: what they come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.gate.gate import Gate
from runyard.registry.promotion.condition import parse_condition
from runyard.registry.promotion.verdicts import Contender, judge
from tests.registry.promotion.building import a_model, a_version, promote, shown_version

CONTENDERS = {
    "metrics": Contender("version 2", 2, {"f1": 0.9, "auc": 0.7, "nan": float("nan")}),
    "champion": Contender("version 1 (alias 'champion')", 1, {"f1": 0.8}),
}


def holds(text: str) -> bool:
    """Whether a condition holds of these versions."""
    return all(verdict.holds for verdict in judge(parse_condition(text), CONTENDERS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.f1 > 0.95 or metrics.auc > 0.6", True),
        ("metrics.f1 > 0.95 OR metrics.auc > 0.8", False),
        ("metrics.f1 > 0.95 and metrics.auc > 0.8 or metrics.f1 > champion.f1", True),
        ("metrics.f1 > 0.95 and (metrics.auc > 0.8 or metrics.f1 > champion.f1)", False),
        ("not metrics.f1 > 0.95", True),
        ("not (metrics.f1 > 0.95 or metrics.auc > 0.6)", False),
        ("NOT NOT metrics.f1 > 0.8", True),
        ("((metrics.f1 + 0.1) * 2 > 1 and (metrics.auc) > 0.6)", True),
        ("metrics.f1 between 0.9 and 0.95 and metrics.auc > 0.6", True),
        ("metrics.f1 BETWEEN champion.f1 + 0.05 AND 1", True),
        ("metrics.f1 not between 0.5 and 0.8", True),
        ("not metrics.f1 between 0.5 and 0.8", True),
        ("metrics.f1 not between 0.5 and 0.95", False),
        ("metrics.none > 1", False),
        ("not metrics.none > 1", False),
        ("not (metrics.none > 1 and metrics.f1 > 0.95)", True),
        ("metrics.nan not between 0 and 1", False),
        ("metrics.none > 1 or metrics.f1 > 0.8", True),
    ],
)
def test_a_condition_holds(text: str, expected: bool) -> None:
    """OR binds least and NOT most. A metric that is missing or NaN fails, with NOT too: nothing is moved in doubt."""
    assert expected == holds(text)


def test_what_fails_is_said_of_every_alternative() -> None:
    """As one line for what counts as one, with the text that was written."""
    [first, second] = judge(
        parse_condition("metrics.f1 > 0 and (metrics.f1 > 0.95 or not metrics.auc < 0.8)"), CONTENDERS
    )
    assert {"text": "metrics.f1 > 0", "holds": True, "left": 0.9, "right": 0.0} == first.on_wire()
    assert {
        "text": "metrics.f1 > 0.95 or not metrics.auc < 0.8",
        "holds": False,
        "reason": "0.9 > 0.95 does not hold; 0.7 >= 0.8 does not hold",
    } == second.on_wire()


TREES = st.recursive(
    st.sampled_from(("metrics.f1 > 0.8", "metrics.f1 < 0.5", "champion.f1 = 0.8", "metrics.auc >= metrics.f1")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from((" and ", " or ")), inner).map(lambda parts: f"({''.join(parts)})"),
        inner.map(lambda part: f"not {part}" if part.startswith("(") else f"not ({part})"),
    ),
    max_leaves=8,
)


@given(TREES)
def test_any_condition_comes_to_what_python_makes_of_it(text: str) -> None:
    """However deep it is."""
    python = text.replace("metrics.f1", "0.9").replace("champion.f1", "0.8").replace("metrics.auc", "0.7")
    assert eval(python.replace(" = ", " == ")) == holds(text)


def test_a_version_is_promoted_by_an_alternative(gate: Gate) -> None:
    """In the store, with the figures of both."""
    a_model(gate)
    version = a_version(gate, {"f1": 0.9, "auc": 0.7})
    answer = promote(gate, version, "metrics.f1 > 0.95 OR (metrics.auc > 0.6 AND NOT metrics.f1 < 0.5)")
    assert (True, {"metrics.f1": 0.9, "metrics.auc": 0.7}) == (answer["promoted"], answer["figures"])
    assert ["champion"] == shown_version(gate, version)["aliases"]
