"""Text as a terminal would show it in the end."""

import time

import pytest

from runyard.ui.parts.terminal import shown_line


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("plain é text", "plain é text"),
        ("a\tb", "a\tb"),
        ("error: no", "\x1b[1;31merror:\x1b[0m no"),
        ("link", "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x07"),
        ("titled", "\x1b]0;a window\x07titled"),
        ("100%", "  1%\r 50%\r100%"),
        ("dos", "dos\r"),
        ("Xbc", "abc\rX"),
        ("ab", "abcdef\r\x1b[Kab"),
        ("done", "working\x1b[2K\rdone"),
        ("new", "old text\x1b[2Knew"),
        ("spin /", "spin |\x08/"),
        ("a", "\x08\x08a"),
        ("ab", "a\x00\x07\x9b\x7fb"),
        ("", "\x1b[31m"),
        ("cut", "cut\x1b"),
        ("cut", "cut\x1b[31"),
        ("<b>", "<b>"),
    ],
)
def test_a_line_is_what_a_terminal_shows_in_the_end(shown: str, printed: str) -> None:
    """Colours and progress bars are for terminals; in a page their signs are noise."""
    assert shown == shown_line(printed)


@pytest.mark.parametrize(
    "printed",
    [
        "x" * 100_000 + "\ry" * 75_000,
        "x" * 100_000 + "\x1b[2Ky" * 30_000,
        "\x1b[" * 120_000,
        "\x1b]" * 120_000,
        "\x1b[0" * 80_000,
        "\x08" * 250_000,
    ],
    ids=["returns", "erasures", "begun", "titles", "numbers", "backspaces"],
)
def test_hostile_lines_take_no_longer_than_others(printed: str) -> None:
    """A page that takes minutes is a server that is down."""
    started = time.process_time()

    shown_line(printed)

    assert time.process_time() - started < 2
