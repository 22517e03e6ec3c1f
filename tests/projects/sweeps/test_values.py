"""What the values of a sweep stand for."""

import pytest

from runyard.exceptions import InvalidProject
from runyard.projects.sweeps.values import points_of, values_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1,0.01", ["0.1", "0.01"]),
        ("3..8", ["3", "4", "5", "6", "7", "8"]),
        ("3..8..2", ["3", "5", "7"]),
        ("8..6", ["8", "7", "6"]),
        ("-1..1", ["-1", "0", "1"]),
        ("100..120..10", ["100", "110", "120"]),
        ("0.1..0.5..0.2", ["0.1", "0.3", "0.5"]),
        ("0..1..0.25", ["0", "0.25", "0.5", "0.75", "1"]),
        ("1e-3, 1e-2", ["1e-3", "1e-2"]),
        ("adam,sgd", ["adam", "sgd"]),
        ("1..3,10", ["1", "2", "3", "10"]),
        ("../data,data", ["../data", "data"]),
        ("a,a,b", ["a", "b"]),
    ],
)
def test_a_text_stands_for_values(text: str, values: list[str]) -> None:
    """Lists and ranges are typed on a command line; what is not a range is taken as it is."""
    assert values == values_of("p", text)


def test_a_list_is_taken_as_it_is() -> None:
    """From Python values come with their types, and commas or dots in texts mean nothing."""
    assert ["0.1", "1,2", "3..4", "True"] == values_of("p", [0.1, "1,2", "3..4", True])


def test_ranges_of_decimals_have_no_rounding_in_them() -> None:
    """0.1 and 0.2 added as binary fractions would be logged as 0.30000000000000004."""
    assert ["0.1", "0.2", "0.3", "0.4"] == values_of("p", "0.1..0.4..0.1")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "lacks a value"),
        ("1,,2", "lacks a value"),
        ([], "lacks a value"),
        ("0.1..0.5", "needs a step"),
        ("1..2..0", "step 0"),
        ("1..2..3..4", "not a range"),
        ("1..inf", "not a range"),
        ("0..1000000", "more than are run"),
        (5, "must be a list or a text"),
    ],
)
def test_what_stands_for_no_values_is_refused(given: object, said: str) -> None:
    """A typing error must not start a thousand runs."""
    with pytest.raises(InvalidProject, match=said):
        values_of("p", given)  # type: ignore[arg-type]


def test_points_are_all_combinations() -> None:
    """The last parameter changes fastest, as in nested loops."""
    expected = [{"lr": "0.1", "d": "1"}, {"lr": "0.1", "d": "2"}, {"lr": "0.01", "d": "1"}, {"lr": "0.01", "d": "2"}]

    assert expected == points_of({"lr": [0.1, 0.01], "d": "1..2"})


def test_too_many_combinations_are_refused() -> None:
    """Each of the ranges is small; their product is not."""
    with pytest.raises(InvalidProject, match="1,000,000 combinations"):
        points_of({"a": "1..100", "b": "1..100", "c": "1..100"})


def test_a_sweep_of_nothing_is_refused() -> None:
    """There would be no run in it."""
    with pytest.raises(InvalidProject, match="needs parameters"):
        points_of({})
