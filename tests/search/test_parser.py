"""What filters and order_by mean, and the errors of invalid ones."""

import pytest

from runyard.exceptions import InvalidParameter
from runyard.search.errors import InvalidSearch
from runyard.search.fields import EXPERIMENT_FIELDS, RUN_FIELDS, EntityFields
from runyard.search.nodes import Comparison, OrderTerm, Value
from runyard.search.parser import parse_filter, parse_order_by

Read = tuple[str, str, str, Value]


def read(text: str | None, entity: EntityFields = RUN_FIELDS) -> list[Read]:
    """The conditions of a filter as tuples."""
    found = parse_filter(text, entity)
    return [(each.kind, each.key, each.operator, each.value) for each in found if isinstance(each, Comparison)]


@pytest.mark.parametrize("text", [None, "", "AND", "and AND"])
def test_an_empty_filter_asks_for_everything(text: str | None) -> None:
    """No filter, an empty one and a lone AND have no condition."""
    assert [] == read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.acc > 0.6", ("metric", "acc", ">", 0.6)),
        ("metric.acc>=.5", ("metric", "acc", ">=", 0.5)),
        ("metrics.acc < -1", ("metric", "acc", "<", -1)),
        ("metrics.acc <= -.5e-3", ("metric", "acc", "<=", -0.0005)),
        ("metrics.acc = 5.", ("metric", "acc", "=", 5.0)),
        ("metrics.acc != 1e3", ("metric", "acc", "!=", 1000.0)),
        ("metrics.acc < 1e400", ("metric", "acc", "<", float("inf"))),
        ("metrics.acc < 99999999999999999999", ("metric", "acc", "<", 1e20)),
        ("metrics.`m/x` = 1", ("metric", "m/x", "=", 1)),
        ('metrics."m/x" = 1', ("metric", "m/x", "=", 1)),
        ("metrics.'a-b' = 3", ("metric", "a-b", "=", 3)),
        ("metrics.1x = 1", ("metric", "1x", "=", 1)),
        ("metrics.5 = 1", ("metric", "5", "=", 1)),
        ("metrics.日本 = 1", ("metric", "日本", "=", 1)),
        ("`metrics`.acc = 1", ("metric", "acc", "=", 1)),
        ("params.lr = '0.1'", ("param", "lr", "=", "0.1")),
        ('param.lr="0.1"', ("param", "lr", "=", "0.1")),
        ("parameter.opt like 'a%'", ("param", "opt", "LIKE", "a%")),
        ("parameters.opt ILIKE'a%'", ("param", "opt", "ILIKE", "a%")),
        ("params.x = ''", ("param", "x", "=", "")),
        ("params.x = 'a\nb'", ("param", "x", "=", "a\nb")),
        ("params.x = 'a\\'", ("param", "x", "=", "a\\")),
        ("params.x = 'it''s'", ("param", "x", "=", "it''s")),
        ("params.x = 'C:\\' AND", ("param", "x", "=", "C:\\")),
        ("params.`x'y` = 'a'", ("param", "x'y", "=", "a")),
        ("params.x IS NULL", ("param", "x", "IS NULL", None)),
        ("params.x is  not null", ("param", "x", "IS NOT NULL", None)),
        ("tag.mlflow.source.name != 'A'", ("tag", "mlflow.source.name", "!=", "A")),
        ("tags.layer.3 = 'A'", ("tag", "layer.3", "=", "A")),
        ('tags.q = "it\'s"', ("tag", "q", "=", "it's")),
        ("tags.in = 'x'", ("tag", "in", "=", "x")),
        ("tags.and = 'x'", ("tag", "and", "=", "x")),
        ("tags.like LIKE 'like'", ("tag", "like", "LIKE", "like")),
        ("status = 'FAILED'", ("attribute", "status", "=", "FAILED")),
        ("attributes.status = 'x'", ("attribute", "status", "=", "x")),
        ("attribute.status = 'x'", ("attribute", "status", "=", "x")),
        ("attr.status = 'x'", ("attribute", "status", "=", "x")),
        ("run.status = 'x'", ("attribute", "status", "=", "x")),
        ("\"run_name\" = 'A'", ("attribute", "run_name", "=", "A")),
        ("`run name` = 'A'", ("attribute", "run_name", "=", "A")),
        ("attributes.`Run Name` = 'A'", ("attribute", "run_name", "=", "A")),
        ("Created < 17", ("attribute", "start_time", "<", 17)),
        ("attributes.start_time >= 17.5", ("attribute", "start_time", ">=", 17.5)),
        ("run_id IN ('a','b')", ("attribute", "run_id", "IN", ("a", "b"))),
        ("run_id not in ('a', \"b\",)", ("attribute", "run_id", "NOT IN", ("a", "b"))),
        ("dataset.name IN ('a')", ("dataset", "name", "IN", ("a",))),
        ("datasets.context = 'train'", ("dataset", "context", "=", "train")),
    ],
)
def test_one_condition_of_runs(text: str, expected: Read) -> None:
    """Every spelling of a condition means its kind, key, comparator and value."""
    assert [expected] == read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name LIKE 'a%'", ("attribute", "name", "LIKE", "a%")),
        ("attribute.name ilike 'a%'", ("attribute", "name", "ILIKE", "a%")),
        ("experiment_id = '7'", ("attribute", "experiment_id", "=", "7")),
        ("experiment_id NOT IN ('7', '8')", ("attribute", "experiment_id", "NOT IN", ("7", "8"))),
        ("creation_time > -5", ("attribute", "creation_time", ">", -5)),
        ("last_update_time = 1e3", ("attribute", "last_update_time", "=", 1000)),
        ("tag.`a b` IS NULL", ("tag", "a b", "IS NULL", None)),
    ],
)
def test_one_condition_of_experiments(text: str, expected: Read) -> None:
    """Experiments have a table of their own."""
    assert [expected] == read(text, EXPERIMENT_FIELDS)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.a > 1 AND params.b = 'c'",
        "metrics.a > 1 and params.b = 'c' AND",
        "AND metrics.a > 1 And And params.b = 'c'",
        "\tmetrics.a\n>\n1\tAND\nparams.b='c' ",
        "params.b='c'AND metrics.a>1",
    ],
)
def test_conditions_are_joined_by_and(text: str) -> None:
    """AND in any case joins; one too many before, between or behind is let pass, as MLflow does."""
    assert {("metric", "a", ">", 1), ("param", "b", "=", "c")} == set(read(text))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("  ", "  "),
        ("metrics.acc = 'NaN'", "'NaN'"),
        ("metrics.acc = NaN", "NaN"),
        ("metrics.acc > +1", "+1"),
        ("metrics.acc = 0x10", "0x10"),
        ("metrics.acc = 1_000", "1_000"),
        ("metrics.acc > 1AND metrics.b > 1", "1AND"),
        ("metrics.acc == 0.9", "=="),
        ("metrics.acc <> 0.9", "<>"),
        ("metrics.acc > = 1", "= 1"),
        ("metrics.acc", ""),
        ("metrics.acc >", ""),
        ("metrics. acc = 1", "acc"),
        ("metrics .acc = 1", "metrics"),
        ("metrics.`` = 1", "``"),
        ("metrics..a = 1", ".a"),
        (".acc = 1", ".acc"),
        ("Metrics.acc = 1", "Metrics"),
        ("bogus.x = 1", "bogus"),
        ("model.x = 1", "model"),
        ("params.lr > '0.1'", "'0.1'"),
        ("params.lr = `a`", "`a`"),
        ("params.lr RLIKE 'a'", "RLIKE"),
        ("params.lr IS 'a'", "IS"),
        ("params.lr ISNULL", "ISNULL"),
        ("params.lr = 'a' 'b'", "'b'"),
        ("params.lr = 'a", "'a"),
        ("params.lr = 'a''", "'"),
        ("params.lr = 'a' AND params.x = '", "'"),
        ("params.lr = 'a' -- no", "-- no"),
        ("params.lr = 'a' # no", "# no"),
        ("params.lr = 'a' /* no */", "/* no */"),
        ("params.`lr = 'a'", "`lr"),
        ("metrics.acc > 0.1 params.lr = '0.1'", "params"),
        ("metrics.acc > 0.1, params.lr = '0.1'", ","),
        ("metrics.acc > 0.1; params.lr = '0.1'", ";"),
        ("'A' = run_name", "'A'"),
        ("status = 'A' AND 'A' = run_name", "'A' ="),
        ("start_time > '17'", "'17'"),
        ("start_time LIKE '1%'", "LIKE"),
        ("run_id IN ()", ")"),
        ("run_id IN (1)", "1"),
        ("run_id IN (`a`)", "`a`"),
        ("run_id IN 'a'", "'a'"),
        ("run_id IN ('a' 'b')", "'b'"),
        ("run_id IN ('a',,'b')", ",'b'"),
        ("run_id IN ('a'", ""),
        ("run_id = 5", "5"),
        ("run_uuid = 'x'", "run_uuid"),
        ("experiment_id = '1'", "experiment_id"),
        ("lifecycle_stage = 'active'", "lifecycle_stage"),
        ("attribute.foo = 'x'", "attribute"),
        ("dataset.foo = 'x'", "dataset"),
        ("dataset.name > 'a'", ">"),
    ],
)
def test_a_filter_that_is_refused_is_shown_with_its_offending_part(text: str, part: str) -> None:
    """The code is INVALID_PARAMETER_VALUE, and the caret points to where the error begins."""
    with pytest.raises(InvalidSearch) as caught:
        parse_filter(text, RUN_FIELDS)

    error = caught.value
    assert ("INVALID_PARAMETER_VALUE", 400) == (error.error_code, error.http_status)
    problem, shown, caret = error.message.rsplit("\n", 2)
    assert text[error.position :].startswith(part) if part.strip() else error.position == len(text)
    assert problem.endswith(f"(character {error.position + 1})")
    assert shown[caret.index("^") :] == text[error.position :]


@pytest.mark.parametrize(
    "text",
    [
        "attributes.name = 'x'",
        "attr.name = 'x'",
        "name IS NULL",
        "name LIKE 5",
        "experiment_id LIKE '1'",
        "experiment_id = 1",
        "experiment_id > '1'",
        "experiment_id = 'abc'",
        "experiment_id = '²'",
        "experiment_id = '99999999999999999999'",
        "experiment_id IN ('1', 'x')",
        "creation_time > 1.5",
        "creation_time > 1e300",
        "creation_time >= 99999999999999999999999",
        "creation_time = '5'",
        "artifact_location = 'x'",
        "metrics.a > 1",
        "tags.k > 'x'",
    ],
)
def test_a_filter_that_experiments_cannot_answer_is_refused(text: str) -> None:
    """Only what experiments have, compared as it can be compared."""
    with pytest.raises(InvalidSearch):
        parse_filter(text, EXPERIMENT_FIELDS)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("metrics.acc", OrderTerm("metric", "acc", ascending=True)),
        ("metrics.acc DESC", OrderTerm("metric", "acc", ascending=False)),
        ("metric.`m/x`  asc", OrderTerm("metric", "m/x", ascending=True)),
        ("metrics.desc desc", OrderTerm("metric", "desc", ascending=False)),
        ("params.'a b' Desc", OrderTerm("param", "a b", ascending=False)),
        ("tags.a.b.c", OrderTerm("tag", "a.b.c", ascending=True)),
        ("attributes.start_time\tASC", OrderTerm("attribute", "start_time", ascending=True)),
        ("created desc", OrderTerm("attribute", "start_time", ascending=False)),
        ("`run_name`", OrderTerm("attribute", "run_name", ascending=True)),
        ("duration DESC", OrderTerm("attribute", "duration", ascending=False)),
        ("number(params.lr) DESC", OrderTerm("param", "lr", ascending=False, numeric=True)),
        ("Number ( params.`a b` )", OrderTerm("param", "a b", ascending=True, numeric=True)),
    ],
)
def test_an_order(item: str, expected: OrderTerm) -> None:
    """A key, then maybe a direction in any case."""
    assert [expected] == parse_order_by([item], RUN_FIELDS)


@pytest.mark.parametrize(
    "item",
    [
        "",
        " ",
        "foo",
        "metrics.acc foo",
        "metrics.acc DESC, params.lr",
        "metrics.acc desc nulls last",
        "metrics.acc;",
        "dataset.name",
        "experiment_id",
        "attributes.`run name`",
        "5",
        "asc",
        "'run_name'",
        "metrics.a; DROP TABLE runs",
        "number(metrics.a)",
        "number(params.a",
        "number(params.a DESC)",
        "number params.a",
        "number()",
        "number(5)",
    ],
)
def test_an_order_that_is_refused(item: str) -> None:
    """Several keys in one item, unknown keys and directions, and what cannot be ordered by."""
    with pytest.raises(InvalidSearch):
        parse_order_by([item], RUN_FIELDS)


@pytest.mark.parametrize("items", [["metrics.a", "metric.a desc"], ["start_time", "created"]])
def test_runs_are_ordered_by_a_key_once(items: list[str]) -> None:
    """A key named twice is a mistake of the caller, not of the server."""
    with pytest.raises(InvalidSearch, match="twice"):
        parse_order_by(items, RUN_FIELDS)


def test_texts_may_be_ordered_as_numbers_first_and_then_as_texts() -> None:
    """So that 0.1 and 1e-1 have an order too; only runs have params."""
    assert 2 == len(parse_order_by(["number(params.lr)", "params.lr"], RUN_FIELDS))
    with pytest.raises(InvalidSearch, match=r"number\(\) is for params"):
        parse_order_by(["number(name)"], EXPERIMENT_FIELDS)


def test_experiments_may_be_ordered_by_a_key_twice() -> None:
    """MLflow lets it pass there; the second has nothing left to order."""
    assert [OrderTerm("attribute", "name", ascending=True)] == parse_order_by(["name", "name DESC"], EXPERIMENT_FIELDS)


def test_experiments_cannot_be_ordered_by_tags() -> None:
    """MLflow refuses it, so clients do not expect an answer."""
    with pytest.raises(InvalidSearch, match="cannot be ordered by a tag"):
        parse_order_by(["tags.k"], EXPERIMENT_FIELDS)


def test_too_many_orders_are_refused() -> None:
    """Each key may cost a join."""
    with pytest.raises(InvalidParameter, match="at most 20"):
        parse_order_by([f"metrics.m{number}" for number in range(21)], RUN_FIELDS)


def test_a_comparison_is_plain_data() -> None:
    """Other code may make conditions without a text."""
    assert [Comparison("metric", "a", ">", 1)] == parse_filter("metrics.a > 1", RUN_FIELDS)
