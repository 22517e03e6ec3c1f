"""What is made of conditions is kept for the next search that has them, unless they are long or of the time."""

import pytest

from runyard.db.kept import MAX_CHARACTERS, MAX_VALUES, MOST, kept
from runyard.search.fields import RUN_FIELDS
from runyard.search.parser import parse_filter
from runyard.tracking.runs.conditions import Place, View


@kept
def made(conditions: object, *others: object) -> object:
    """Something new each time."""
    return [conditions, *others]


def test_the_same_conditions_have_the_same() -> None:
    """What else it depends on tells it apart."""
    first, again = (parse_filter("metrics.m > 0.5 and params.p IN ('a', 'b')", RUN_FIELDS) for _ in range(2))

    assert made(first, "sqlite") is made(again, "sqlite")
    assert made(first, "sqlite") is not made(first, "postgresql")
    assert made(first, "sqlite") is not made(first[:1], "sqlite")


@pytest.mark.parametrize(
    "text",
    [
        f"params.p = '{'x' * MAX_CHARACTERS}y'",
        f"params.p IN ({', '.join(map(repr, map(str, range(MAX_VALUES + 1))))})",
        f"not (params.p IN ('a', '{'x' * MAX_CHARACTERS}') or metrics.m = 1)",
        "'words anywhere'",
        "metrics.m = 1 or not lost = true",
        "duration > 1h",
    ],
)
def test_long_conditions_and_those_of_the_time_are_not_kept(text: str) -> None:
    """A filter may have megabytes, and a hundred of these would fill the memory. Runs that go on last longer later."""
    conditions = parse_filter(text, RUN_FIELDS)

    assert made(conditions) is not made(conditions)


def test_what_names_many_experiments_or_runs_is_not_kept() -> None:
    """Statements about them are as long."""
    few, many = tuple(range(MAX_VALUES)), tuple(range(MAX_VALUES + 1))
    conditions = parse_filter("metrics.m = 1", RUN_FIELDS)

    assert made(conditions, View(few, "ALL")) is made(conditions, View(few, "ALL"))
    for view in (View(many, "ALL"), View((1,), "ALL", Place("below", below=few))):
        assert made(conditions, view) is not made(conditions, view)


def test_only_the_latest_are_kept() -> None:
    """However many different filters a server sees."""
    first = made(parse_filter("metrics.m = 0", RUN_FIELDS))
    for value in range(1, MOST + 1):
        made(parse_filter(f"metrics.m = {value}", RUN_FIELDS))

    assert first is not made(parse_filter("metrics.m = 0", RUN_FIELDS))
