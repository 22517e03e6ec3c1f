"""Which experiments a table of runs is of: the one of its address, or several that ``experiments=1,2`` names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.search.writing import value_text
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import SearchExperiments, experiment_number
from runyard.ui.navigation import QueryValue
from runyard.ui.parts.own_columns import USUAL
from runyard.ui.site import Site

MAX_EXPERIMENTS = 100
"""Experiments that one table shows."""


@dataclass(frozen=True)
class Scope:
    """The experiments of a table of runs.

    Attributes
    ----------
    several: It is the table of several experiments, even when it names only one of them.
    """

    ids: tuple[str, ...]
    several: bool

    @classmethod
    def of(cls, path: Mapping[str, Any], named: Sequence[str]) -> "Scope":
        """The scope of an address.

        Parameters
        ----------
        path: Its parts; with an ``experiment_id`` it is the table of one experiment.
        named: What it, or a form, gives as ``experiments``: ids between commas.

        Raises
        ------
        InvalidParameter: No experiment is named, too many, or something that is not an id.
        """
        if "experiment_id" in path:
            return cls((path["experiment_id"],), several=False)
        numbers = dict.fromkeys(
            experiment_number(part.strip()) for text in named for part in text.split(",") if part.strip()
        )
        if not numbers:
            raise InvalidParameter(
                "No experiment is named. Tick some in the list of experiments, or name them as ?experiments=1,2."
            )
        if len(numbers) > MAX_EXPERIMENTS:
            raise InvalidParameter(
                f"{len(numbers):,} experiments are named; one table shows the runs of at most {MAX_EXPERIMENTS}. "
                "Choose fewer."
            )
        return cls(tuple(map(str, numbers)), several=True)

    @property
    def query(self) -> dict[str, QueryValue]:
        """What every address of the table says beside its path."""
        return {"experiments": ",".join(self.ids)} if self.several else {}

    def path(self, site: Site) -> str:
        """The path of the table."""
        return site.urls("runs") if self.several else site.urls("experiments", self.ids[0])

    def address(self, site: Site, **view: QueryValue) -> str:
        """The address of a view of the table."""
        if self.several:
            return site.urls("runs", **self.query, **view)
        return site.urls("experiments", self.ids[0], **view)

    def action(self, site: Site, *name: str) -> str:
        """Where the table's forms are sent."""
        return site.urls("ui", "table", *name) if self.several else site.urls("ui", "experiments", self.ids[0], *name)

    def experiments(self, site: Site) -> tuple[Experiment, ...]:
        """The experiments, deleted ones too, in the order of their ids in the address.

        Raises
        ------
        DoesNotExist: There is none of one of the ids.
        """
        listed = ", ".join(map(value_text, self.ids))
        question = SearchExperiments(
            view_type="ALL", filter=f"experiment_id IN ({listed})", max_results=MAX_EXPERIMENTS
        )
        found = {experiment.experiment_id: experiment for experiment in site.ask(question).experiments}
        for experiment_id in self.ids:
            if experiment_id not in found:
                raise DoesNotExist(
                    f"No experiment has the id {experiment_id}. Leave it out of the address, or search for its name."
                )
        return tuple(found[experiment_id] for experiment_id in self.ids)


def usual_columns(scope: Scope, view: str) -> tuple[str, ...]:
    """The columns of what every run has that a table shows at first; in the trash, when it was deleted."""
    deleted = ("deleted_time",) if view == "deleted" else ()
    return (*USUAL, *deleted, *(("experiment",) if scope.several else ()))
