"""Tables: a line a row for programs, folded to its width on a terminal."""

import os
import pty
import subprocess
import sys

import pytest

from runyard.cli.output import show_rows

RUN_ID = "a1" * 16
ROWS = [("2026-11-27 18:00:00 UTC", "[bold] :smile: " + "word " * 30 + "end", RUN_ID)]


def test_a_piped_table_has_a_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """No value is cut, and nothing is there but text: scripts read it."""
    show_rows(("Date", "Name", "ID"), ROWS)

    title, dashes, row = capsys.readouterr().out.splitlines()
    assert ["Date", "Name", "ID"] == title.split()
    assert {"-", " "} == set(dashes)
    assert "  ".join(ROWS[0]) == row


def test_a_terminal_folds_what_is_too_long_for_it() -> None:
    """Words stay in their column, and ids whole, so that they can be copied."""
    shown = _on_a_terminal(f"show_rows(('Date', 'Name', 'ID'), {ROWS!r})", columns=100)

    words = " ".join(shown.split())
    assert all(len(line) <= 100 for line in shown.splitlines())
    assert RUN_ID in words
    assert 30 == words.count("word")
    assert "[bold] :smile:" in words


def _on_a_terminal(call: str, columns: int) -> str:
    """What a call of the module prints to a terminal of this width."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-c", f"from runyard.cli.output import show_rows; {call}"]
    settings = {**os.environ, "COLUMNS": str(columns), "TERM": "dumb"}
    with subprocess.Popen(program, stdout=theirs, env=settings):
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # the program has ended
            pass
    os.close(ours)
    return shown.decode()
