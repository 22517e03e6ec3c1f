"""Methods of the client for experiments."""

import os
from collections.abc import Mapping
from typing import Any

from runyard.core.entity import Tag
from runyard.core.lifecycle import ViewType
from runyard.core.limits import check_is_text
from runyard.core.listed import listed
from runyard.core.paged_list import PagedList
from runyard.exceptions import DoesNotExist, RunyardException
from runyard.protocol.client_part import ClientPart
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import (
    CreateExperiment,
    DeleteExperiment,
    DeleteExperimentTag,
    GetExperiment,
    GetExperimentByName,
    RestoreExperiment,
    SearchExperiments,
    SetExperimentTag,
    UpdateExperiment,
    pending_name,
)
from runyard.tracking.filters.client import warn_of_filter


class ExperimentsClient(ClientPart):
    """Experiments: create, find, change, delete."""

    def create_experiment(
        self, name: str, artifact_location: str | os.PathLike[str] | None = None, tags: Mapping[str, Any] | None = None
    ) -> str:
        """Create an experiment; returns its id.

        Raises
        ------
        RunyardException: The name is taken, also by a deleted experiment (``RESOURCE_ALREADY_EXISTS``).
        """
        if name is not None:
            check_is_text("name", name)
        labels = [Tag(key=str(key), value=str(value)) for key, value in (tags or {}).items()]
        location = os.fspath(artifact_location) if isinstance(artifact_location, os.PathLike) else artifact_location
        fields = {"name": name, "artifact_location": location, "tags": [tag.to_wire() for tag in labels]}
        return self.send(CreateExperiment.from_wire(fields)).experiment_id

    def get_experiment(self, experiment_id: str) -> Experiment:
        """An experiment by id, deleted ones too.

        Raises
        ------
        DoesNotExist: There is none.
        """
        return self.send(GetExperiment(experiment_id=str(experiment_id))).experiment

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """An experiment by its exact name, deleted ones too; None if there is none."""
        try:
            return self.send(GetExperimentByName(experiment_name=name)).experiment
        except RunyardException as error:
            if error.error_code == DoesNotExist.code:
                return None
            raise

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = 1000,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """A page of experiments; its ``token`` leads to the next.

        Parameters
        ----------
        view_type: Active ones, deleted ones or all.
        max_results: Maximum number of results, 1 to 50,000.
        filter_string: Such as ``name LIKE 'vision%' AND tags.team = 'red'``.
        order_by: Such as ``["name ASC", "last_update_time DESC"]``.
        page_token: The token from the page before.
        """
        answer = self.send(
            SearchExperiments(
                view_type=ViewType.to_string(view_type).upper(),
                max_results=1000 if max_results is None else max_results,
                filter=filter_string,
                order_by=listed(order_by),
                page_token=page_token,
            )
        )
        if not answer.experiments and not page_token:
            warn_of_filter(self.send, filter_string, "experiments")
        return PagedList(answer.experiments, answer.next_page_token)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name."""
        self.send(UpdateExperiment(experiment_id=str(experiment_id), new_name=new_name))

    def delete_experiment(self, experiment_id: str) -> None:
        """Mark an experiment and its runs as deleted."""
        self.send(DeleteExperiment(experiment_id=str(experiment_id)))

    def restore_experiment(self, experiment_id: str) -> None:
        """Bring back a deleted experiment with the runs its deletion took along."""
        self.send(RestoreExperiment(experiment_id=str(experiment_id)))

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set or replace a tag."""
        self._change(SetExperimentTag(experiment_id=str(experiment_id), key=key, value=str(value)))

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag.

        Raises
        ------
        DoesNotExist: There is no such tag.
        """
        self._change(DeleteExperimentTag(experiment_id=str(experiment_id), key=key))

    def _change(self, message: SetExperimentTag | DeleteExperimentTag) -> None:
        """Change an experiment, now or on delivery; one that is not made yet has no id to say later which is meant."""
        if pending_name(message.experiment_id) is None:
            self.connection.write(message)
        else:
            self.send(message)
