"""The runs that an address names: ``?runs=a,b``."""

from runyard.exceptions import InvalidParameter
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import GetRun
from runyard.ui.parts.list_state import ListState
from runyard.ui.site import Site

MAX_RUNS = 50


def chosen_ids(state: ListState) -> list[str]:
    """The ids of the runs, each once, in their order.

    Raises
    ------
    InvalidParameter: None is named, or too many.
    """
    ids = [part.strip() for text in state.all("runs") for part in text.split(",")]
    unique = list(dict.fromkeys(part for part in ids if part))
    if not unique:
        raise InvalidParameter("No run is named. Choose runs in an experiment's table, or name them as ?runs=ID,ID.")
    if len(unique) > MAX_RUNS:
        raise InvalidParameter(
            f"{len(unique)} runs are named; at most {MAX_RUNS} can be shown side by side. Choose fewer."
        )
    return unique


def chosen_runs(site: Site, state: ListState) -> list[Run]:
    """The runs themselves.

    Raises
    ------
    DoesNotExist: One of the ids is not a run's.
    """
    return [site.ask(GetRun(run_id=run_id)).run for run_id in chosen_ids(state)]
