"""The table of runs: its heads, its columns of values, the names of its runs, and what its forms carry along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runyard.tracking.runs.entities import Run
from runyard.ui.parts.cells import ShownColumn, shown_columns
from runyard.ui.parts.column_settings import ColumnSettings
from runyard.ui.parts.columns import ColumnChoice
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.run_names import short_names
from runyard.ui.parts.sorting import Column, OrderChip, column_of, order_chips

_HEADS = (
    ("run_name", "Run"),
    ("status", "Status"),
    ("start_time", "Started"),
    ("duration", "Took"),
    ("user_id", "User"),
)


@dataclass(frozen=True)
class RunsTable:
    """What a table of runs shows besides its rows.

    Attributes
    ----------
    heads: Of what every run has.
    columns: The columns of values, behind those.
    pinned: How many of them stay in sight.
    orders: What the rows are sorted by.
    names: What the rows show as names, by run id.
    kept, kept_by_columns: The parts of the address that the form of the filter carries along, and that of the columns.
    """

    heads: tuple[Column, ...]
    columns: tuple[ShownColumn, ...]
    pinned: int
    orders: tuple[OrderChip, ...]
    names: Mapping[str, str]
    kept: tuple[tuple[str, str], ...]
    kept_by_columns: tuple[tuple[str, str], ...]


def runs_table(choice: ColumnChoice, runs: Sequence[Run], state: ListState, path: str) -> RunsTable:
    """The table of these runs, with the columns of a choice, as the address of `path` has it."""
    orders, settings = state.all("order"), ColumnSettings.of(state, choice.shown)
    heads = tuple(column_of(key, label, orders, state, path) for key, label in _HEADS)
    values = tuple(
        column_of(column.order_key, column.key, orders, state, path, numeric=column.kind == "metrics")
        for column in choice.shown
    )
    return RunsTable(
        heads=heads,
        columns=shown_columns(choice.shown, values, runs, settings),
        pinned=settings.pinned,
        orders=order_chips(orders, (*heads, *values), state, path),
        names=short_names(runs),
        kept=state.kept("filter"),
        kept_by_columns=state.kept("col", "equal", "pin"),
    )
