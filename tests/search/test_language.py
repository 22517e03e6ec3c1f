"""The search language beyond MLflow's: what it means, and the errors of mistakes."""

import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.core.clock import now_ms
from runyard.search.errors import InvalidSearch
from runyard.search.fields import MODEL_VERSION_FIELDS, RUN_FIELDS
from runyard.search.nodes import And, Comparison, Condition, Not, Or, OrderTerm, Words
from runyard.search.parser import parse_filter, parse_order_by
from runyard.search.regex import InvalidPattern, compiled
from runyard.search.writing import key_text, value_text
from tests.search.filters import CONDITIONS, text_of


def metric(key: str, operator: str, value: float) -> Comparison:
    """A condition on a metric."""
    return Comparison("metric", key, operator, value)


A, B, C = metric("a", ">", 1), metric("b", "<", 2), metric("c", "=", 3)
STARRED = Comparison("tag", "runyard.starred", "=", "true")
LOST = And((Comparison("attribute", "status", "=", "RUNNING"), Comparison("attribute", "lost", "=", "true")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.a > 1 OR metrics.b < 2", [Or((A, B))]),
        ("metrics.a > 1 AND metrics.b < 2 or metrics.c = 3", [Or((And((A, B)), C))]),
        ("metrics.a > 1 AND (metrics.b < 2 OR metrics.c = 3)", [A, Or((B, C))]),
        ("(metrics.a > 1 AND (metrics.b < 2)) AND metrics.c = 3", [A, B, C]),
        ("NOT metrics.a > 1 AND metrics.b < 2", [Not(A), B]),
        ("not (metrics.a > 1 and metrics.b < 2)", [Not(And((A, B)))]),
        ("NOT NOT metrics.a > 1", [Not(Not(A))]),
        ("metrics.a BETWEEN 1 AND 2 AND metrics.b < 2", [metric("a", ">=", 1), metric("a", "<=", 2), B]),
        ("metrics.a not between 1 and 2", [Or((metric("a", "<", 1), metric("a", ">", 2)))]),
        ("metrics.a IN (1, 2.5,)", [Comparison("metric", "a", "IN", (1, 2.5))]),
        ("metrics.a IS NULL", [Comparison("metric", "a", "IS NULL", None)]),
        ("metrics.val/acc-1 > 0.5", [metric("val/acc-1", ">", 0.5)]),
        ("params.lr > 0.01", [Comparison("param", "lr", ">", 0.01)]),
        ("params.lr = 0.01", [Comparison("param", "lr", "=", 0.01)]),
        ("params.lr = '0.01'", [Comparison("param", "lr", "=", "0.01")]),
        ("params.lr IN (0.1, 1)", [Comparison("param", "lr", "IN", (0.1, 1))]),
        ("params.opt NOT IN ('sgd')", [Comparison("param", "opt", "NOT IN", ("sgd",))]),
        ("params.opt NOT LIKE 'a%'", [Comparison("param", "opt", "NOT LIKE", "a%")]),
        ("params.opt ~ '^adamw?$'", [Comparison("param", "opt", "~", "^adamw?$")]),
        ("tags.a!~'x'", [Comparison("tag", "a", "!~", "x")]),
        (r"tags.q = E'it\'s 12\"\n\\'", [Comparison("tag", "q", "=", "it's 12\"\n\\")]),
        (r"tags.E'a\'`\"b' = 'x'", [Comparison("tag", "a'`\"b", "=", "x")]),
        ("parent = 'abc'", [Comparison("tag", "mlflow.parentRunId", "=", "abc")]),
        ("children of abc-1", [Comparison("tag", "mlflow.parentRunId", "=", "abc-1")]),
        ("Children Of 'abc'", [Comparison("tag", "mlflow.parentRunId", "=", "abc")]),
        ("note ILIKE '%best%'", [Comparison("tag", "mlflow.note.content", "ILIKE", "%best%")]),
        ("starred = true", [STARRED]),
        ("lost = true", list(LOST.parts)),
        ("lost != true", [Not(LOST)]),
        ("starred != False AND starred", [STARRED, Words("starred")]),
        ("starred = false", [Not(STARRED)]),
        ("experiment.name LIKE 'vision%'", [Comparison("experiment", "name", "LIKE", "vision%")]),
        ("experiment.id IN ('1', '2')", [Comparison("experiment", "id", "IN", ("1", "2"))]),
        ("end_time IS NULL", [Comparison("attribute", "end_time", "IS NULL", None)]),
        ("status IN ('FAILED', 'KILLED')", [Comparison("attribute", "status", "IN", ("FAILED", "KILLED"))]),
        ("duration > 2h", [Comparison("attribute", "duration", ">", 7_200_000)]),
        ("duration <= '1h30m'", [Comparison("attribute", "duration", "<=", 5_400_000)]),
        ("resnet", [Words("resnet")]),
        ("resnet-50 v1.2 \"a b\" 'c' 5", [Words(w) for w in ("resnet-50", "v1.2", "a b", "c", "5")]),
        ("resnet OR ('vgg 16' AND metrics.a > 1)", [Or((Words("resnet"), And((Words("vgg 16"), A))))]),
        ("('a b')", [Words("a b")]),
        ("this is in", [Words("this"), Words("is"), Words("in")]),
        ("test run", [Words("test"), Words("run")]),
    ],
)
def test_a_filter_means(text: str, expected: list[Condition]) -> None:
    """OR binds less than AND, AND less than NOT; brackets bind most."""
    assert expected == parse_filter(text, RUN_FIELDS)


def test_starred_runs_are_put_first_by_name() -> None:
    """The tag's key is ours: an order need not spell it."""
    assert [OrderTerm("tag", "runyard.starred", ascending=False)] == parse_order_by(["starred DESC"], RUN_FIELDS)


DAY = 86_400_000
NOVEMBER = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("> '2026-11-01'", [(">", NOVEMBER + DAY - 1)]),
        (">= '2026-11-01'", [(">=", NOVEMBER)]),
        ("< 2026-11-01", [("<", NOVEMBER)]),
        ("<= '2026-11-01'", [("<=", NOVEMBER + DAY - 1)]),
        ("= '2026-11-01'", [(">=", NOVEMBER), ("<=", NOVEMBER + DAY - 1)]),
        ("BETWEEN '2026-11-01' AND '2026-11-02'", [(">=", NOVEMBER), ("<=", NOVEMBER + 2 * DAY - 1)]),
        (">= '2026-11-01 14:30'", [(">=", NOVEMBER + 52_200_000)]),
        ("<= '2026-11-01T14:30:00Z'", [("<=", NOVEMBER + 52_200_999)]),
        ("> '2026-11-01T14:30:00.25+02:00'", [(">", NOVEMBER + 45_000_250)]),
        ("> 17.5", [(">", 17.5)]),
    ],
)
def test_a_date_is_all_of_its_day(text: str, expected: list[tuple[str, float]]) -> None:
    """Or of its minute or second: behind it is after its end, from it on is after its beginning. It is UTC."""
    found = parse_filter(f"start_time {text}", RUN_FIELDS)
    assert expected == [(each.operator, each.value) for each in found if isinstance(each, Comparison)]


@pytest.mark.parametrize("text", ["now() - 7d", "now()-7d", "NOW() -7d", "now() - '7d'", "now( ) - 168h"])
def test_times_are_told_from_now(text: str) -> None:
    """With a duration before or behind it. The same text means another time later."""
    for _ in range(2):
        began = now_ms()
        (found,) = parse_filter(f"start_time > {text}", RUN_FIELDS)
        assert isinstance(found, Comparison)
        assert isinstance(found.value, int)
        assert began <= found.value + 7 * DAY <= now_ms()
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("text", "part", "problem"),
    [
        ("metrics.a > 1 OR", "", "A condition is needed here"),
        ("starred = 'true'", "'true'", "true or false"),
        ("starred > true", "true", "true or false"),
        ("OR metrics.a > 1", "OR", "A condition is needed here"),
        ("metrics.a > 1 AND OR metrics.b > 1", "OR", "A condition is needed here"),
        ("(metrics.a > 1 AND)", ")", "A condition is needed here"),
        ("(metrics.a > 1", "(metrics", "This bracket is not closed"),
        ("metrics.a > 1)", ")", "This bracket closes none"),
        ("()", ")", "A condition is needed in the brackets"),
        ("NOT", "", "A condition is needed after NOT"),
        ("(" * 51 + "metrics.a > 1", "(metrics", "nested more than 50 deep"),
        ("metrics.a BETWEEN 1", "", "BETWEEN needs two values"),
        ("metrics.a BETWEEN 1 OR 2", "OR", "BETWEEN needs two values"),
        ("metrics.a IN ('x')", "('x')", "must be numbers"),
        ("params.a IN ('x', 1)", "1)", "A list holds texts in quotes"),
        ("params.a > 'x'", "'x'", "is compared as a number here: leave out the quotes"),
        ("start_time > 'yesterday'", "'yesterday'", "must be a date"),
        ("start_time > '2026-13-01'", "'2026-13", "must be a date"),
        ("start_time > now( - 7d", "- 7d", "A closing bracket is needed"),
        ("start_time > now() - 7", "- 7", "A duration is needed after now"),
        ("duration > 5", "5", "a number with its unit"),
        ("duration > '5 apples'", "'5 apples'", "a number with its unit"),
        ("children of", "", "The id of a run is needed"),
        ("params.a ~ 'x(y'", "(y'", "This group is not closed in this regular expression"),
        ("params.a ~ '(?=x)'", "(?=x", "Of the groups with"),
        ("params.a ~ '\\bx'", "\\bx", "is not known"),
        ("params.a ~ x", "x", "must be in quotes"),
        ("metrics.a ~ 'x'", "~ 'x'", "cannot be compared with ~"),
        ("params.a", "", "A comparator such as"),
        ("status", "", "A comparator such as"),
        ("resnet metrics.a > 1", "metrics", "Join plain words and conditions with AND"),
        ("metrics.a > 1 resnet", "resnet", "Join conditions with AND or OR"),
        ("''", "''", "A text to find is needed"),
        ("lr > 0.1", "lr", "written metrics.lr, params.lr or tags.lr"),
        ("params.a = 'it's'", "'", "written E'"),
        ("params.a = 'x", "'x", "written E'"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, part: str, problem: str) -> None:
    """With what is needed there."""
    with pytest.raises(InvalidSearch, match=re.escape(problem)) as caught:
        parse_filter(text, RUN_FIELDS)
    assert text[caught.value.position :].startswith(part)
    assert part or caught.value.position == len(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("status = 'failed'", "'failed'"),
        ("metrics.a > 1 AND status IN ('FAILED', 'DONE')", "'DONE'"),
        ("NOT status = 'x'", "'x'"),
    ],
)
def test_a_value_that_a_field_never_has(text: str, part: str) -> None:
    """MLflow finds nothing, so only who asks for it is told: with the values there are."""
    assert parse_filter(text, RUN_FIELDS)
    with pytest.raises(InvalidSearch, match="RUNNING, SCHEDULED, FINISHED, FAILED, KILLED") as caught:
        parse_filter(text, RUN_FIELDS, strict=True)
    assert text[caught.value.position :].startswith(part)


def test_versions_have_stages() -> None:
    """Which are known too."""
    assert [Comparison("attribute", "stage", "=", "production")] == parse_filter(
        "stage = 'production'", MODEL_VERSION_FIELDS
    )
    with pytest.raises(InvalidSearch, match="None, Staging, Production, Archived"):
        parse_filter("stage = 'production'", MODEL_VERSION_FIELDS, strict=True)


@given(CONDITIONS)
def test_a_condition_that_is_written_is_read_again(condition: Condition) -> None:
    """Whatever its keys and values are, and however deep it is."""
    assert _flat([condition]) == _flat(parse_filter(text_of(condition), RUN_FIELDS))


def _flat(conditions: list[Condition]) -> list[Condition]:
    """The same, without AND directly below AND."""
    found: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, And):
            found += _flat(list(condition.parts))
        elif isinstance(condition, Or):
            found.append(Or(tuple(_one(part) for part in condition.parts)))
        elif isinstance(condition, Not):
            found.append(Not(_one(condition.part)))
        else:
            found.append(condition)
    return found


def _one(condition: Condition) -> Condition:
    parts = _flat([condition])
    return parts[0] if len(parts) == 1 else And(tuple(parts))


STORABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(STORABLE.filter(lambda key: key), STORABLE)
def test_any_key_and_value_can_be_written(key: str, value: str) -> None:
    """With spaces, quotes of every kind, backslashes and line breaks."""
    text = f"tags.{key_text('', key)[1:]} = {value_text(value)}"
    assert [Comparison("tag", key, "=", value)] == parse_filter(text, RUN_FIELDS)


PATTERNS = st.recursive(
    st.sampled_from(("a", "b", ".", "[ab]", "[^a]", "\\d", "\\W", "", "^", "$", "\\.")),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(("*", "+", "?", "{1,3}", "{2}", "*?"))).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.text("ab1.\n", max_size=8))
def test_regular_expressions_are_those_everybody_knows(pattern: str, text: str) -> None:
    """Python's own find the same texts, where ``$`` is the end only."""
    expression = compiled(pattern)
    assert bool(re.search(pattern.replace("$", r"\Z"), text)) == expression.found_in(text)
    assert not expression.found_in(text) or all(part in text for part in expression.texts)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("^run-(0+)7[1-3]x$", ("run-", "0", "7", "x")),
        ("l(?:ea)rn{2}ing_?rate", ("lear", "n", "ing", "rate")),
        ("a|b", ()),
        ("(?i)loss", ()),
        ("v\\.1.*z", ("v.1", "z")),
    ],
)
def test_expressions_know_what_a_text_must_hold(pattern: str, texts: tuple[str, ...]) -> None:
    """The index of texts is asked for it."""
    assert texts == compiled(pattern).texts


def test_hostile_expressions_take_a_step_for_each_letter() -> None:
    """Where backtracking would take longer than the universe has."""
    assert not compiled("(a*)*(a|a)*(a?){40}b$").found_in("a" * 5_000)


@pytest.mark.parametrize(
    "pattern", ["(a{100}){100}", "x" * 501, "(" * 60, "a{101}", "a{2,1}", "**", "[b-a]", "[[:digit:]]"]
)
def test_expressions_have_bounds(pattern: str) -> None:
    """So have the places that are visited for a letter."""
    with pytest.raises(InvalidPattern):
        compiled(pattern)
