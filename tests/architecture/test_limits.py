"""Files and functions stay small enough to be read in one go."""

import pytest

from tests.architecture import limits


def test_files_and_functions_keep_their_limits() -> None:
    """A file one cannot hold in the head is where mistakes hide."""
    assert sorted(limits.broken_limits()) == []


@pytest.mark.parametrize(("lines", "broken"), [(limits.FUNCTION_LINES, 0), (limits.FUNCTION_LINES + 1, 1)])
def test_a_function_over_the_limit_is_found(lines: int, broken: int) -> None:
    """The check must count as the rule says, or it checks nothing."""
    path = limits.ROOT / "example.py"
    body = ["def example() -> None:", '    """What it does."""', *["    pass"] * lines]

    assert broken == len(list(limits.long_functions(path, body)))
