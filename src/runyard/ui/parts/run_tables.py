"""Tables that several runs logged at one path, as one table with a column for the run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from runyard.artifacts.locations import open_location, place_of
from runyard.artifacts.parquet import parquet_page
from runyard.artifacts.paths import joined, named
from runyard.artifacts.ranges import ranged
from runyard.core.tags import TABLES_TAG
from runyard.exceptions import InvalidParameter, MissingPackage, RunyardException
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import tables_of
from runyard.ui.parts.files import sizes_below
from runyard.ui.parts.format import size as size_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.presentation import artifact_root, names_of
from runyard.ui.parts.previews.cells import Cell, shown_cell
from runyard.ui.parts.previews.look import WHOLE, Look
from runyard.ui.parts.previews.preview import document_of, is_table
from runyard.ui.parts.previews.tables import TablePage, loaded_table
from runyard.ui.site import Site

PARQUET = ".parquet"
MOST_ROWS, MOST_COLUMNS = 5000, 200
"""Of a Parquet file among those that are put together."""
MOST_PATHS = 200

Rows = tuple[list[str], list[list[Any]]]


@dataclass(frozen=True)
class RunTables:
    """The tables of some runs at one path.

    Attributes
    ----------
    paths: Where any of the runs logged a table.
    path: The one that is shown; empty when there is none.
    table: Its rows of all runs.
    ask: The address that shows it, when it waits to be asked for.
    size: Bytes of all the files.
    notes: What is missing, and why.
    """

    paths: tuple[str, ...]
    path: str
    table: TablePage | None
    ask: str
    size: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Stored:
    """The table of a run, which is opened and not read yet."""

    run: Run
    name: str
    look: Look


def paths_of(run: Run) -> list[str]:
    """Where a run says that it logged tables."""
    entries = tables_of(run.data.tags.get(TABLES_TAG))
    tables = (entry for entry in entries if isinstance(entry, dict) and entry.get("type") == "table")
    return [path for entry in tables if isinstance(path := entry.get("path"), str)]


def tables_of_runs(site: Site, runs: Sequence[Run], state: ListState) -> RunTables:
    """The table of the runs that the address names (``path``), else of the first path that they have.

    Raises
    ------
    InvalidParameter: The tables are too large to be put together, or cannot be sorted as asked.
    """
    paths = tuple(sorted({path for run in runs for path in paths_of(run)})[:MOST_PATHS])
    asked = state.path()
    path = asked if asked in paths else next(iter(paths), "")
    if not path:
        return RunTables(paths, "", None, "", 0, ())
    stored, notes = _stored(site, runs, path, state)
    size = sum(one.look.size for one in stored)
    ids = ",".join(run.info.run_id for run in runs)
    look = replace(stored[0].look, size=size) if stored else None
    if look is None:
        return RunTables(paths, path, None, "", 0, notes)
    look = replace(look, page=lambda **query: site.urls("tables", runs=ids, **query))
    if not look.is_asked_for:
        return RunTables(paths, path, None, look.href(all=1), size, notes)
    if size > WHOLE:
        raise InvalidParameter(
            f"The tables {path!r} have {size_of(size)} together; {size_of(WHOLE)} are shown at once. Choose fewer runs."
        )
    names, rows, more = _together(site, stored)
    return RunTables(paths, path, loaded_table(look, names, rows) if names else None, "", size, (*notes, *more))


def _stored(site: Site, runs: Sequence[Run], path: str, state: ListState) -> tuple[list[_Stored], tuple[str, ...]]:
    found, notes, names = list[_Stored](), list[str](), names_of(runs)
    for run in runs:
        name = names[run.info.run_id]
        if path not in paths_of(run):
            notes.append(f"{name} has no such table.")
            continue
        try:
            found.append(_Stored(run, name, _look(site, run, path, state)))
        except RunyardException as problem:
            notes.append(f"{name}: {problem.message}")
    return found, tuple(notes)


def _look(site: Site, run: Run, path: str, state: ListState) -> Look:
    run_id, places = run.info.run_id, site.gate.settings.artifact_places
    repository, root = open_location(artifact_root(run), places)
    whole = joined(root, named(path))
    with ranged(repository, whole) as file:
        size = file.size
    return Look(
        path=path,
        size=size,
        state=state,
        address="",
        framed="",
        near=repository.local_path() is not None,
        opened=lambda: ranged(repository, whole),
        page=lambda **query: site.urls("runs", run_id, "artifacts", **query),
        raw=lambda below: site.urls("get-artifact", run_id=run_id, path=below),
        sizes=sizes_below(repository, root),
        place=(place_of(artifact_root(run), places)[0], whole),
    )


def _together(site: Site, stored: Sequence[_Stored]) -> tuple[list[str], list[list[Any]], list[str]]:
    """The columns of all tables, each once, their rows, and what could not be read."""
    columns, rows, notes = list[str](), list[list[Any]](), list[str]()
    for one in stored:
        try:
            names, data, cut = _parquet(one.look) if one.look.suffix == PARQUET else (*_document(one.look), "")
        except (InvalidParameter, MissingPackage) as problem:
            notes.append(f"{one.name}: {problem.message}")
            continue
        notes += [f"{one.name}: {cut}"] if cut else []
        columns += [name for name in dict.fromkeys(names) if name not in columns]
        place = {name: number for number, name in enumerate(names)}
        run = Cell(one.name, href=site.urls("runs", one.run.info.run_id, "artifacts", path=one.look.path))
        for row in data:
            rows.append([run, _aligned(one.look, row, place)])
    return (
        ["run", *columns],
        [[run, *(values.get(name) for name in columns)] for run, values in rows],
        notes,
    )


def _aligned(look: Look, row: Sequence[Any], place: dict[str, int]) -> dict[str, Any]:
    """A row by column; pictures are cells already, as each run has its own."""
    values = {name: row[number] for name, number in place.items() if number < len(row)}
    return {name: shown_cell(value, look, 100) if isinstance(value, dict) else value for name, value in values.items()}


def _document(look: Look) -> Rows:
    document = document_of(look.whole())
    if not is_table(document):
        raise InvalidParameter(f"What is stored at {look.path!r} is not a table.")
    names = [name if isinstance(name, str) else json.dumps(name) for name in document["columns"]]
    return names, document["data"]


def _parquet(look: Look) -> tuple[list[str], list[list[Any]], str]:
    place, path = look.place
    found = parquet_page(place, path, first=0, count=MOST_ROWS, column=0, columns=MOST_COLUMNS)
    cut = f"the first {MOST_ROWS:,} of {found['total']:,} rows" if found["total"] > MOST_ROWS else ""
    return found["names"], [row[1:] for row in found["rows"]], cut
