"""The table of runs: its heads, its columns of values, the names of its runs, and what its forms carry along."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from runyard.tracking.run_trees.messages import MAX_ASKED, MAX_KEYS, ChildrenRange, MeasureChildren, RunTree
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.cells import ShownColumn, shown_columns
from runyard.ui.parts.column_settings import ColumnSettings, ordered_goals
from runyard.ui.parts.columns import ColumnChoice
from runyard.ui.parts.html import joined
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.own_columns import NAME_COLUMN, around
from runyard.ui.parts.run_names import short_names
from runyard.ui.parts.run_tree import RunRow, runs_of
from runyard.ui.parts.sorting import Column, OrderChip, column_of, order_chips
from runyard.ui.site import Site


@dataclass(frozen=True)
class RunsTable:
    """What a table of runs shows besides its rows.

    Attributes
    ----------
    name: The head of the names.
    name_class: The class of the width that was chosen for them; empty for none.
    columns: The columns behind it.
    pinned: How many of the columns stay in sight: of those of values, where the address names only such.
    orders: What the rows are sorted by.
    own_only: They are sorted by their own values of metrics, not by those of nested runs, which are too many.
    names: What the rows show as names, by run id.
    kept, kept_by_columns: The parts of the address that the form of the filter carries along, and that of the columns.
    """

    name: Column
    name_class: str
    columns: tuple[ShownColumn, ...]
    pinned: int
    orders: tuple[OrderChip, ...]
    own_only: bool
    names: Mapping[str, str]
    kept: tuple[tuple[str, str], ...]
    kept_by_columns: tuple[tuple[str, str], ...]

    def cells(self, run: Run) -> Markup:
        """The cells of a run behind its name."""
        return joined(*[column.cell(run) for column in self.columns])

    @property
    def first_pinned(self) -> int:
        """How many of the first columns reach the last one that stays in sight."""
        return max((place for place, column in enumerate(self.columns, 1) if column.pinned), default=0)


def runs_table(
    site: Site,
    choice: ColumnChoice,
    rows: Sequence[RunRow],
    state: ListState,
    path: str,
    experiments: Mapping[str, str],
    tree: RunTree | None,
) -> RunsTable:
    """The table of the runs of these rows, with the columns of a choice, as the address of `path` has it.

    Parameters
    ----------
    experiments: Names of experiments, by id.
    tree: The level at the top; None where nested runs have rows as others do.
    """
    runs = runs_of(rows)
    orders, settings = state.all("order"), ColumnSettings.of(state, choice.shown)
    beside = around(site, [column.name for column in choice.shown], runs, experiments)
    name = column_of(NAME_COLUMN, "Run", orders, state, path)
    heads = tuple(
        column_of(
            column.order_key,
            column.title,
            orders,
            state,
            path,
            numeric=column.kind == "metrics",
            goal=settings.goal(column),
        )
        for column in choice.shown
    )
    counted = [column for column in choice.shown if choice.named or not column.is_own]
    return RunsTable(
        name=name,
        columns=shown_columns(
            choice.shown,
            heads,
            runs,
            settings,
            pinned=counted[: settings.pinned],
            around=replace(beside, below=_below(site, choice, rows, settings, state, tree)),
        ),
        pinned=settings.pinned,
        orders=order_chips(orders, (name, *heads), state, path),
        own_only=tree is not None and tree.own_only,
        name_class=settings.sized(NAME_COLUMN),
        names=short_names(runs, settings.widths.get(NAME_COLUMN)),
        kept=state.kept("filter"),
        kept_by_columns=state.kept("col", "equal", "pin"),
    )


def _below(
    site: Site,
    choice: ColumnChoice,
    rows: Sequence[RunRow],
    settings: ColumnSettings,
    state: ListState,
    tree: RunTree | None,
) -> dict[tuple[str, str], ChildrenRange]:
    """What metrics that have a goal come to in the runs nested in those that lack them, by run id and key."""
    if tree is None or not tree.nested:
        return {}
    ordered = {key for keys in ordered_goals(state) for key in keys}
    metrics = [column.key for column in choice.shown if column.kind == "metrics" and settings.goal(column)]
    first = [] if tree.own_only else [key for key in metrics if key in ordered]  # what is shown is what is sorted by
    others = [key for key in metrics if key not in ordered]
    found = [each for keys in (first, others) for each in _measured(site, rows, keys, state)]
    return {(one.run_id, one.key): one for one in found}


def _measured(site: Site, rows: Sequence[RunRow], keys: Sequence[str], state: ListState) -> Iterator[ChildrenRange]:
    """The same for some metrics. With a filter, a run may have nested ones of which none is in view."""
    filtered = bool(state.text("filter"))
    parents = [
        row.run.info.run_id
        for row in rows
        if (row.children or filtered) and any(key not in row.run.data.metrics for key in keys)
    ]
    for begun in range(0, len(parents), MAX_ASKED):
        asked = MeasureChildren(run_ids=parents[begun : begun + MAX_ASKED], metric_keys=list(keys[:MAX_KEYS]))
        yield from site.ask(asked).ranges
