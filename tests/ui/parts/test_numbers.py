"""Numbers of a column, what metrics are called, and names of runs."""

import math

import pytest

from runyard.core.numbers import as_numbers
from runyard.ui.parts.metric_names import goal_of, unit_of
from runyard.ui.parts.numbers import aligned, bars, writer_of
from runyard.ui.parts.run_names import MAX_NAME, cut, short_names
from tests.ui.parts.runs import a_named_run


@pytest.mark.parametrize(
    ("key", "values", "texts"),
    [
        ("loss", [0.9123456, 0.5, 1.0], ["0.912", "0.500", "1.000"]),
        ("loss", [0.91231, 0.91234], ["0.912310", "0.912340"]),
        ("loss", [2.302585, 1e-7], ["2.303", "1.0e-07"]),
        ("loss", [1234.56, 20000.5], ["1235", "20,000"]),
        ("epoch", [3.0, 12000.0], ["3", "12,000"]),
        ("loss", [0.25, math.nan, math.inf], ["0.2500", "NaN", "∞"]),
        ("loss", [0.0, 0.5], ["0.0000", "0.5000"]),
        ("loss", [2.5e9 + 0.5, 1.0], ["2.500e+09", "1"]),
        ("train_seconds", [3620.0, 2.0], ["1 h", "2.0 s"]),
        ("latency_ms", [3.25, 5000.0], ["3.25 ms", "5.0 s"]),
        ("peak_bytes", [1.5e9], ["1.5 GB"]),
        ("train_seconds", [-1.5], ["-1.500"]),
    ],
)
def test_a_column_has_as_many_decimals_as_tell_its_values_apart(
    key: str, values: list[float], texts: list[str]
) -> None:
    """The same number in each row, so that points stand below each other; units are written out."""
    write = writer_of(key, values)

    assert texts == [write(value) for value in values]
    assert "\N{EN DASH}" == write(None)


@pytest.mark.parametrize(
    ("key", "goal"),
    [
        ("val_rmse", "least"), ("valLoss", "least"), ("MAE", "least"), ("eval/perplexity", "least"),
        ("accuracy", "most"), ("val/AUC", "most"), ("f1_score", "most"), ("R2", "most"), ("top5", "most"),
        ("epoch", None), ("lr", None), ("classification", None), ("2fold", None),
    ],
)  # fmt: skip
def test_the_name_of_a_metric_tells_whether_less_is_better(key: str, goal: str | None) -> None:
    """By whole words: the first letters of a word tell nothing."""
    assert goal == goal_of(key)


def test_units_are_the_last_word_and_no_rates() -> None:
    """Samples per second are not seconds."""
    assert ["seconds", "", "", "bytes"] == [
        unit_of(key) for key in ("epoch_seconds", "samples_per_second", "seconds_total", "mem.bytes")
    ]


def test_params_that_are_numbers_are_aligned_as_they_were_logged() -> None:
    """Nothing is rounded; the room behind the point is that of digits."""
    assert [0.1, 1e-05] == as_numbers(["0.1", "1e-05"])
    assert as_numbers(["0.1", "adam"]) is None
    assert as_numbers(["nan"]) is None
    assert as_numbers(["1_000"]) is None
    assert ["0.1\N{FIGURE SPACE}", "0.25", "3\N{PUNCTUATION SPACE}\N{FIGURE SPACE}\N{FIGURE SPACE}"] == [
        aligned(text, 2) for text in ("0.1", "0.25", "3")
    ]


def test_a_distribution_is_one_path_of_at_most_sixteen_bars() -> None:
    """However many values there are; of equal ones there is nothing to see."""
    assert "" == bars([1.0, 1.0]) == bars([]) == bars([math.nan]) == bars([-1.7e308, 1.7e308])
    assert "M1 12v-12M46 12v-6" == bars([0.0, 0.0, 1.0])
    assert 16 >= bars([place / 7 for place in range(1000)]).count("M")


def test_long_names_are_cut_where_they_do_not_differ() -> None:
    """The beginning that all share is left out, then the middle; short names stay whole."""
    same = "experiment on the large cluster, "
    runs = [a_named_run(f"{same}depth={depth} width={depth}") for depth in (3, 4)]
    assert ["…depth=3 width=3", "…depth=4 width=4", "short"] == list(
        short_names([*runs, a_named_run("short")]).values()
    )
    names = [f"learning_rate=0.{place} max_depth=3 subsample=0.5 optimizer=adam{place}" for place in (1, 2)]
    found = list(short_names([a_named_run(name) for name in names]).values())
    assert ["learning_rate=0.1…optimizer=adam1", "learning_rate=0.2…optimizer=adam2"] == found
    assert MAX_NAME == len(cut("x" * 100))
    assert "a…c d e " + "f" * 26 == cut(f"a {'b' * 30} c d e {'f' * 26}")
    assert cut("y" * 50) == next(iter(short_names([a_named_run("y" * 50)] * 2).values()))
