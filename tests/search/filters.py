"""Random conditions, their text, and what they mean for runs, told without a database."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from runyard.search.nodes import And, Comparison, Condition, Not, Or, Words
from runyard.search.writing import key_text, value_text

PREFIXES = {
    "metric": "metrics",
    "param": "params",
    "tag": "tags",
    "attribute": "attributes",
    "experiment": "experiment",
}
PARENT = "mlflow.parentRunId"
NUMERAL = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?\s*")


@dataclass
class KnownRun:
    """A run as the tests know it."""

    run_id: str
    run_name: str
    experiment_name: str
    status: str
    start_time: int
    end_time: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def text_of(condition: Condition) -> str:
    """A condition as a filter has it."""
    if isinstance(condition, Words):
        return value_text(condition.text)
    if isinstance(condition, Not):
        return f"NOT ({text_of(condition.part)})"
    if isinstance(condition, And | Or):
        word = " AND " if isinstance(condition, And) else " OR "
        return word.join(f"({text_of(part)})" for part in condition.parts)
    key = key_text(PREFIXES[condition.kind], condition.key)
    if condition.value is None:
        return f"{key} {condition.operator}"
    return f"{key} {condition.operator} {_value(condition)}"


def _value(comparison: Comparison) -> str:
    value = comparison.value
    if comparison.key == "duration":
        return f"{value}ms"
    if isinstance(value, tuple):
        return f"({', '.join(_literal(each) for each in value)})"
    return _literal(value)


def _literal(value: object) -> str:
    return value_text(value) if isinstance(value, str) else repr(value)


def holds(condition: Condition, run: KnownRun, now: int) -> bool:
    """Whether a run is found."""
    if isinstance(condition, Not):
        return not holds(condition.part, run, now)
    if isinstance(condition, And):
        return all(holds(part, run, now) for part in condition.parts)
    if isinstance(condition, Or):
        return any(holds(part, run, now) for part in condition.parts)
    if isinstance(condition, Words):
        return _has_words(condition.text.lower(), run)
    values = _values(condition, run, now)
    own = values.get(condition.key)
    if condition.value is None:
        return (own is None) == (condition.operator == "IS NULL")
    return own is not None and _compares(own, condition)


def _has_words(text: str, run: KnownRun) -> bool:
    own = {key: value for key, value in run.tags.items() if not key.startswith("mlflow.")}
    texts = [run.run_name, *own, *own.values(), run.tags.get("mlflow.note.content", "")]
    return run.run_id.startswith(text) or any(text in one.lower() for one in texts)


def _values(comparison: Comparison, run: KnownRun, now: int) -> Mapping[str, str | float | int | None]:
    if comparison.kind == "attribute":
        duration = (now if run.end_time is None else run.end_time) - run.start_time
        return {**vars(run), "duration": duration}
    if comparison.kind == "experiment":
        return {"name": run.experiment_name}
    found: dict[str, Mapping[str, str | float]] = {"metric": run.metrics, "param": run.params, "tag": run.tags}
    return found[comparison.kind]


def _compares(own: str | float | int, comparison: Comparison) -> bool:
    value = comparison.value
    first = value[0] if isinstance(value, tuple) else value
    if isinstance(own, str) and not isinstance(first, str):
        if not NUMERAL.fullmatch(own):
            return False
        own = float(own)
    return _OPERATORS[comparison.operator](own, value)


def _like(pattern: str, any_case: bool) -> re.Pattern[str]:
    parts = (".*" if letter == "%" else "." if letter == "_" else re.escape(letter) for letter in pattern)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if any_case else 0))


_OPERATORS: dict[str, Callable[..., bool]] = {
    "=": lambda own, value: own == value,
    "!=": lambda own, value: own != value,
    "<": lambda own, value: own < value,
    "<=": lambda own, value: own <= value,
    ">": lambda own, value: own > value,
    ">=": lambda own, value: own >= value,
    "IN": lambda own, value: own in value,
    "NOT IN": lambda own, value: own not in value,
    "LIKE": lambda own, value: bool(_like(value, False).fullmatch(own)),
    "ILIKE": lambda own, value: bool(_like(value, True).fullmatch(own)),
    "NOT LIKE": lambda own, value: not _like(value, False).fullmatch(own),
    "NOT ILIKE": lambda own, value: not _like(value, True).fullmatch(own),
    "~": lambda own, value: bool(re.search(value, own)),
    "!~": lambda own, value: not re.search(value, own),
}

_ORDERED = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
_EQUAL = st.sampled_from(("=", "!="))
NUMBERS = st.sampled_from((0, 1, 0.1, 0.5, -2.5, 1e-3, 10))
NUMERALS = ("0.1", "1e-3", "10", " 0.5 ", "-2.5", "+1", "1.", ".5", "0", "", "adam", "1e", "nan", "inf", "1 2", "0x1")
TEXTS = st.sampled_from((*NUMERALS, "Adam", "it's", '12"', "it's 12\"", "100%", "a_b", "a\\b", "ÄÖ"))
METRIC_KEYS = st.sampled_from(("acc", "val/loss", "5fold"))
TEXT_KEYS = st.sampled_from(("lr", "opt name", "it's", "a`b"))
_LIKES = st.sampled_from(("%a%", "A%", "_dam", "%", "100%", "%'%", "", "a_b"))
EXPRESSIONS = st.sampled_from(
    (
        "a",
        "^a",
        "m$",
        "^[a-d]+m?$",
        "[0-9]\\.[0-9]",
        "(?i)ADAM|it",
        "\\d{2,}",
        "^$",
        "a.b",
        "[^a-z]",
        "\\s",
        "x{2}|e-?\\d",
    )
)
TIMES = st.sampled_from((1_000, 2_000, 3_000, 5_000))


def comparison(kind: str, key: str) -> st.SearchStrategy[Condition]:
    """A comparison with a text or a number."""

    def one(operators: st.SearchStrategy[str], values: st.SearchStrategy[object]) -> st.SearchStrategy[Condition]:
        return st.builds(Comparison, st.just(kind), st.just(key), operators, values)

    def several(values: st.SearchStrategy[object]) -> st.SearchStrategy[Condition]:
        return one(st.sampled_from(("IN", "NOT IN")), st.lists(values, min_size=1, max_size=3).map(tuple))

    presence = one(st.sampled_from(("IS NULL", "IS NOT NULL")), st.none())
    if kind == "metric":
        return st.one_of(one(_ORDERED, NUMBERS), several(NUMBERS), presence)
    texts = [
        one(_EQUAL, TEXTS),
        several(TEXTS),
        one(st.sampled_from(("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE")), _LIKES),
        one(st.sampled_from(("~", "!~")), EXPRESSIONS),
    ]
    numbers = [one(_ORDERED, NUMBERS), several(NUMBERS), presence]
    return st.one_of(*texts, *(numbers if kind in ("param", "tag") else ()))


def _attributes() -> st.SearchStrategy[Condition]:
    def one(
        key: str, operators: st.SearchStrategy[str], values: st.SearchStrategy[object]
    ) -> st.SearchStrategy[Condition]:
        return st.builds(Comparison, st.just("attribute"), st.just(key), operators, values)

    statuses = st.sampled_from(("RUNNING", "FINISHED", "FAILED"))
    return st.one_of(
        comparison("attribute", "run_name"),
        comparison("experiment", "name"),
        one("status", _EQUAL, statuses),
        one("status", st.just("IN"), st.lists(statuses, min_size=1, max_size=2).map(tuple)),
        one("start_time", _ORDERED, TIMES),
        one("end_time", _ORDERED, TIMES),
        one("end_time", st.sampled_from(("IS NULL", "IS NOT NULL")), st.none()),
        one("duration", _ORDERED, TIMES),
    )


LEAVES: st.SearchStrategy[Condition] = st.one_of(
    METRIC_KEYS.flatmap(lambda key: comparison("metric", key)),
    TEXT_KEYS.flatmap(lambda key: comparison("param", key)),
    TEXT_KEYS.flatmap(lambda key: comparison("tag", key)),
    _attributes(),
    st.sampled_from(("adam", "IT'S", "run", "0.1", "a_b", "100%", "äö", "0123", "opt")).map(Words),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=6,
)
