"""The runs that an address or a form names: ``runs=a,b``, and a selection with what was added and left out since."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.tracking.many_runs.messages import GetRuns
from runyard.tracking.runs.entities import Run
from runyard.tracking.selections.messages import GetSelection
from runyard.ui.parts.list_state import ListState
from runyard.ui.site import Site

MAX_RUNS = 50
"""Runs that are shown side by side."""


@dataclass(frozen=True)
class Chosen:
    """The chosen runs of a table, of this page of it and of others.

    Attributes
    ----------
    selection_id: The selection that was begun with; empty for none.
    selected: How many runs that selection has.
    added: Ids that are chosen beside it.
    dropped: Ids of the selection that are left out.
    run_ids: All chosen runs, in their order.
    gone: The selection that was named is not kept any more.
    """

    run_ids: tuple[str, ...] = ()
    selection_id: str = ""
    selected: int = 0
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    gone: bool = False

    @cached_property
    def known(self) -> frozenset[str]:
        """The chosen runs, to look one up."""
        return frozenset(self.run_ids)


def chosen(site: Site, values: Callable[[str], Sequence[str]]) -> Chosen:
    """The runs that were chosen.

    Parameters
    ----------
    values: The values of a parameter of the address, or of a field of a form: ``runs`` and ``chosen`` (ids),
        ``selection`` (the id of one), ``dropped`` (ids of that selection which are left out).
    """
    selection_id = next((value for value in values("selection") if value), "")
    dropped, selected, gone = _ids(values("dropped")), list[str](), False
    if selection_id:
        try:
            selected = site.ask(GetSelection(selection_id=selection_id)).run_ids
        except DoesNotExist:
            gone = True
    beside = dict.fromkeys([*_ids(values("chosen")), *_ids(values("runs"))])
    left_out, in_selection = set(dropped), set(selected)
    added = tuple(run_id for run_id in beside if run_id not in in_selection and run_id not in left_out)
    kept = tuple(run_id for run_id in selected if run_id not in left_out)
    return Chosen((*kept, *added), "" if gone else selection_id, len(selected), added, tuple(dropped), gone)


def _ids(texts: Sequence[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def chosen_ids(state: ListState) -> list[str]:
    """The ids of the runs that ``runs`` names, each once, in their order.

    Raises
    ------
    InvalidParameter: None is named, or too many.
    """
    return checked_ids(dict.fromkeys(_ids(state.all("runs"))))


def checked_ids(run_ids: Sequence[str] | dict[str, None]) -> list[str]:
    """The ids, when they are of runs that can be shown side by side.

    Raises
    ------
    InvalidParameter: None is named, or too many.
    """
    if not run_ids:
        raise InvalidParameter("No run is named. Choose runs in an experiment's table, or name them as ?runs=ID,ID.")
    if len(run_ids) > MAX_RUNS:
        raise InvalidParameter(
            f"{len(run_ids):,} runs are named; at most {MAX_RUNS} can be shown side by side. Choose fewer."
        )
    return list(run_ids)


def chosen_runs(site: Site, state: ListState) -> list[Run]:
    """The runs that ``runs`` names, read together.

    Raises
    ------
    DoesNotExist: One of the ids is not a run's.
    """
    return site.ask(GetRuns(run_ids=chosen_ids(state))).runs
