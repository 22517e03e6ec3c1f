"""How values read: numbers, times, lengths of time."""

import pytest

from runyard.ui.parts import format as formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (12000.0, "12,000"),
        (0.123456, "0.1235"),
        (1234.5678, "1235"),
        (0.00001234, "1.234e-05"),
        (2.5e9 + 0.5, "2.500e+09"),
        (-0.5, "-0.5"),
        (1e300, "1.000e+300"),
        (float("nan"), "NaN"),
        (float("-inf"), "-∞"),
        (None, formats.MISSING),
    ],
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    """A table of metrics is read by their first digits."""
    assert text == formats.number(value)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 ms"),
        (4200, "4.2 s"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h"),
        (187_200_000, "2 d 4 h"),
        (-5, formats.MISSING),
    ],
)
def test_durations_have_two_units_at_most(milliseconds: int, text: str) -> None:
    """Nobody needs the seconds of a day."""
    assert text == formats.duration(milliseconds)


@pytest.mark.parametrize("milliseconds", [2**63 - 1, -(2**63), 0, None])
def test_times_out_of_this_world_are_shown_as_missing(milliseconds: int | None) -> None:
    """A client may log any 64-bit integer as a time."""
    assert formats.instant(milliseconds) == formats.age(milliseconds, 1_700_000_000_000) == formats.MISSING


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("baseline", "baseline"),
        ("gallant-pelican-12", "gallant-pelican-12"),
        ("learning_rate=0.01 depth=6", "learning_|rate=0.01 depth=6"),
        ("lr=0.00001_wd=1e-05,mom=0.9", "lr=0.00001_|wd=[1e-05],|mom=0.9"),
        ("betas=0.9,0.999,0.9999", "betas=|0.9,0.999,0.9999"),
        ("a<b>/c&d/eeeeeeeeee", "a&lt;b&gt;/c&amp;d/|eeeeeeeeee"),
    ],
)
def test_names_break_between_their_parts(name: str, broken: str) -> None:
    """A narrow column that breaks 0.01 into two lines shows another number."""
    marked = broken.replace("|", "<wbr>").replace("[", "<span>").replace("]", "</span>")

    assert marked == formats.breakable(name)
