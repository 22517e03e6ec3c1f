"""Output of commands: tables for people, JSON for programs, progress bars for long transfers."""

import datetime
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from runyard import settings
from runyard.cli.choices import Command
from runyard.core.entity import Entity
from runyard.exceptions import RunyardException


def output_option(default: str = "table") -> Callable[[Command], Command]:
    """The `--output` option of every command that shows something. Who asks for JSON gets errors as JSON too."""
    option = click.option(
        "--output",
        type=click.Choice(["table", "json"]),
        default=default,
        show_default=True,
        help="A table for people or JSON for programs, where an error is an object with `error_code` and `message`.",
    )

    def decorate(command: Any) -> Any:
        @option
        @wraps(command)
        def showing_errors(*arguments: Any, **values: Any) -> Any:
            try:
                return command(*arguments, **values)
            except RunyardException as problem:
                source = click.get_current_context().get_parameter_source("output")
                if values["output"] == "json" and source is not ParameterSource.DEFAULT:
                    show_json(problem.to_wire())
                raise

        return showing_errors

    return decorate


def show_json(value: object) -> None:
    """Print a value as indented JSON; entities in it as the protocol has them."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=Entity.to_wire))


def show_rows(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows as a table: a line a row for programs, while a terminal folds long texts to fit its width."""
    cells = [[_one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(columns, cells)
        return
    widths = [max([len(title), *(len(row[index]) for row in cells)]) for index, title in enumerate(columns)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [columns, ["-" * width for width in widths], *cells]
    ]
    click.echo("\n".join(lines))  # at once: each call writes


def _draw(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich import box  # noqa: PLC0415  (only when a table is drawn: it costs 40 ms)
    from rich.console import Console  # noqa: PLC0415  (as above)
    from rich.table import Table  # noqa: PLC0415  (as above)
    from rich.text import Text  # noqa: PLC0415  (as above)

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, title in enumerate(columns):
        is_prose = any(" " in row[index] for row in cells)  # ids stay whole, so that they can be copied
        table.add_column(title, no_wrap=not is_prose, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    Console().print(table)


def show_pairs(pairs: Mapping[str, object]) -> None:
    """Print names and values, one pair a line."""
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        click.echo(f"{name.ljust(width)}: {_one_line(value)}".rstrip())


def utc(milliseconds: int | None) -> str:
    """A time of the protocol as people read it; empty when there is none."""
    if milliseconds is None:
        return ""
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _one_line(value: object) -> str:
    return " ".join(str("" if value is None else value).split())


@contextmanager
def progress(title: str, total: int, *, of_bytes: bool = True) -> Iterator[Callable[[int], None]]:
    """Show how far work is on a terminal; yields the function that advances it.

    Parameters
    ----------
    total: Number of bytes of a transfer, or of the things worked on.
    of_bytes: Which of the two it is. The bar of transfers has a setting.
    """
    if not sys.stderr.isatty() or (of_bytes and not settings.ENABLE_ARTIFACTS_PROGRESS_BAR.get()):
        yield lambda _done: None
        return
    from rich.console import Console  # noqa: PLC0415  (only when a bar is drawn: it costs 40 ms)
    from rich.progress import (  # noqa: PLC0415  (as above)
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    done = DownloadColumn() if of_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), done, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.advance(task, done)
