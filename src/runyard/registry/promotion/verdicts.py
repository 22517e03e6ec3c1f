"""The verdict on a version: the result of each comparison of a condition."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runyard.core.limits import shown
from runyard.core.wire import wire_double
from runyard.registry.promotion.expressions import (
    Comparison,
    Group,
    Metric,
    NoValue,
    Presence,
    Requirement,
    TextComparison,
    holds,
    value_of,
)

PASS, FAIL = "pass", "fail"
IF_NO_HOLDER = (PASS, FAIL)


@dataclass(frozen=True)
class Contender:
    """A version whose metrics a condition names.

    Attributes
    ----------
    known_as: Its name in reasons: ``version 3`` or ``alias 'champion'``.
    version: Its number; None when no version holds the alias or stage.
    metrics: Its metrics, as far as they are named.
    holds_target: Whether it holds the alias or stage that is being moved.
    texts: Its params and tags, as far as they are named, by kind and key.
    """

    known_as: str
    version: int | None
    metrics: Mapping[str, float]
    holds_target: bool = False
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def has(self, named: Metric) -> bool:
        """Whether it has a metric, param or tag."""
        return named.key in self.metrics if named.kind == "metric" else (named.kind, named.key) in self.texts


@dataclass(frozen=True)
class Verdict:
    """The result of one part of a condition.

    Attributes
    ----------
    left, right: The values of the sides of a comparison, if they have any.
    reason: Why it does not hold, or was passed over.
    """

    requirement: Requirement
    holds: bool
    left: float | None = None
    right: float | None = None
    reason: str | None = None

    def on_wire(self) -> dict[str, Any]:
        """As answers show it; sides that have no value are left out."""
        sides = {"left": self.left, "right": self.right}
        return {
            "text": self.requirement.text,
            "holds": self.holds,
            **{name: wire_double(side) for name, side in sides.items() if side is not None},
            **({"reason": self.reason} if self.reason else {}),
        }


def judge(
    requirements: Sequence[Requirement],
    contenders: Mapping[str, Contender],
    if_no_holder: str = PASS,
    said: Collection[TextComparison] = frozenset(),
) -> list[Verdict]:
    """The result of each part of a condition.

    Parameters
    ----------
    contenders: The named versions, by `Metric.holder`.
    if_no_holder: Whether comparisons with the current holder pass when there is none yet.
    said: The comparisons of params and tags that hold.
    """
    return [_judge(requirement, contenders, if_no_holder, said) for requirement in requirements]


def figures_of(requirements: Sequence[Requirement], contenders: Mapping[str, Contender]) -> dict[str, Any]:
    """Every metric that was named with its value, as the wire spells it; None where there is none."""
    values = {
        metric.label: contenders[metric.holder].metrics.get(metric.key)
        for metric in _named(requirements)
        if metric.kind == "metric"
    }
    return {label: None if value is None else wire_double(value) for label, value in values.items()}


def texts_of(requirements: Sequence[Requirement], contenders: Mapping[str, Contender]) -> dict[str, str | None]:
    """Every param and tag that was named with its text; None where there is none."""
    named = [one for one in _named(requirements) if one.kind != "metric"]
    return {one.label: contenders[one.holder].texts.get((one.kind, one.key)) for one in named}


def _named(requirements: Sequence[Requirement]) -> dict[Metric, None]:
    return dict.fromkeys(metric for requirement in requirements for metric in requirement.metrics())


def _judge(
    requirement: Requirement,
    contenders: Mapping[str, Contender],
    if_no_holder: str,
    said: Collection[TextComparison],
) -> Verdict:
    if isinstance(requirement, Group):
        return _judge_group(requirement, judge(requirement.parts, contenders, if_no_holder, said))
    if isinstance(requirement, Comparison):
        return _judge_comparison(requirement, contenders, if_no_holder)
    named = {one: contenders[one.holder] for one in requirement.metrics()}
    absent = [contender for contender in named.values() if contender.version is None]
    if isinstance(requirement, Presence):
        return _without_holder(requirement, absent, if_no_holder) if absent else _judge_presence(requirement, named)
    missing = [one for one, contender in named.items() if contender.version is not None and not contender.has(one)]
    if missing:
        reason = f"{named[missing[0]].known_as} has no {missing[0].kind} {shown(missing[0].key)}"
        return Verdict(requirement, holds=False, reason=reason)
    if absent:
        return _without_holder(requirement, absent, if_no_holder)
    if requirement in said:
        return Verdict(requirement, holds=True)
    if _with_itself(named):
        return Verdict(requirement, holds=True, reason=_ITSELF)
    texts = [f"{one.label} is {shown(contender.texts[one.kind, one.key])}" for one, contender in named.items()]
    return Verdict(requirement, holds=False, reason=" and ".join(texts))


def _judge_group(group: Group, parts: Sequence[Verdict]) -> Verdict:
    if all(part.holds for part in parts) or (group.word == "OR" and any(part.holds for part in parts)):
        return Verdict(group, holds=True)
    reasons = [part.reason for part in parts if part.reason and not part.holds]
    return Verdict(group, holds=False, reason="; ".join(dict.fromkeys(reasons)))


def _judge_presence(presence: Presence, named: Mapping[Metric, Contender]) -> Verdict:
    ((one, contender),) = named.items()
    if contender.has(one) == presence.wanted:
        return Verdict(presence, holds=True)
    lack = "no" if presence.wanted else "a"
    return Verdict(presence, holds=False, reason=f"{contender.known_as} has {lack} {one.kind} {shown(one.key)}")


_ITSELF = "the version holds it already: a comparison with itself"


def _judge_comparison(comparison: Comparison, contenders: Mapping[str, Contender], if_no_holder: str) -> Verdict:
    metrics = comparison.metrics()
    named = {metric: contenders[metric.holder] for metric in metrics}
    figures: dict[Metric, float] = {}
    for metric, contender in named.items():
        if contender.version is None:
            continue
        value = contender.metrics.get(metric.key)
        if value is None or value != value:
            return Verdict(comparison, holds=False, reason=_no_figure(contender, metric, value is None))
        figures[metric] = value
    absent = [contender for contender in named.values() if contender.version is None]
    if absent:
        return _without_holder(comparison, absent, if_no_holder)
    try:
        left, right = value_of(comparison.left, figures), value_of(comparison.right, figures)
    except NoValue as problem:
        return Verdict(comparison, holds=False, reason=f"it has no value: {problem}")
    if holds(left, comparison.operator, right):
        return Verdict(comparison, True, left, right)
    if _with_itself(named):
        return Verdict(comparison, True, left, right, _ITSELF)
    return Verdict(comparison, False, left, right, f"{left!r} {comparison.operator} {right!r} does not hold")


def _no_figure(contender: Contender, metric: Metric, missing: bool) -> str:
    if missing:
        return f"{contender.known_as} has no metric {shown(metric.key)}"
    return f"metric {shown(metric.key)} of {contender.known_as} is NaN"


def _without_holder(comparison: Requirement, absent: Sequence[Contender], if_no_holder: str) -> Verdict:
    """An alias that is merely named may be misspelled, so only that which is being moved may have no holder yet."""
    nothing = f"nothing holds {absent[0].known_as}"
    if if_no_holder == PASS and all(contender.holds_target for contender in absent):
        return Verdict(comparison, holds=True, reason=f"{nothing} yet: passed over")
    stranger = next((contender for contender in absent if not contender.holds_target), absent[0])
    return Verdict(comparison, holds=False, reason=f"nothing holds {stranger.known_as}")


def _with_itself(named: Mapping[Metric, Contender]) -> bool:
    """Whether the comparison is of the candidate with itself, because it holds the target.

    A promotion that is sent twice, as by a client that lost the answer, must come out the same: so such a comparison
    holds even where it asks for more.
    """
    candidates = {contender.version for metric, contender in named.items() if metric.whose == "candidate"}
    others = [contender for metric, contender in named.items() if metric.whose != "candidate"]
    return bool(others) and all(other.holds_target and other.version in candidates for other in others)
