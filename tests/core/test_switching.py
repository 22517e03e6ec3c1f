"""How soon threads take turns: quickly while somebody asks for it, and then as before."""

import sys
from contextlib import ExitStack

import pytest

from runyard.core.switching import SECONDS, quick_switching

EXACT = 2e-6
"""Python keeps whole microseconds."""


def test_it_is_as_before_once_the_last_is_done() -> None:
    """The one that came first may be done first."""
    before = sys.getswitchinterval()
    first, second = ExitStack(), ExitStack()
    first.enter_context(quick_switching())
    second.enter_context(quick_switching())
    assert pytest.approx(SECONDS, abs=EXACT) == sys.getswitchinterval()

    first.close()
    assert pytest.approx(SECONDS, abs=EXACT) == sys.getswitchinterval()
    second.close()
    assert before == sys.getswitchinterval()


def test_one_that_is_quicker_is_left_alone() -> None:
    """A program that has chosen an interval keeps it."""
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(SECONDS / 10)
        with quick_switching():
            assert pytest.approx(SECONDS / 10, abs=EXACT) == sys.getswitchinterval()
    finally:
        sys.setswitchinterval(before)
