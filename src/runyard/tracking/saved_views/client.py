"""Methods of the client for saved views."""

from runyard.protocol.client_part import ClientPart
from runyard.tracking.saved_views.messages import (
    CreateSavedView,
    DeleteSavedView,
    ListSavedViews,
    SavedView,
    SavedViewsFound,
    SetDefaultView,
    UpdateSavedView,
)


class SavedViewsClient(ClientPart):
    """Saved views: tables of runs as somebody arranged them, under names."""

    def create_saved_view(self, name: str, query: str = "", experiment_id: str | None = None) -> SavedView:
        """Save a view of the table of runs.

        Parameters
        ----------
        name: At most 200 characters; no other view of the same experiment has it.
        query: The parameters of the table's address, such as ``filter=metrics.loss%20%3C%200.1&col=metrics.loss``.
        experiment_id: The experiment whose view it is; None for all experiments.

        Raises
        ------
        AlreadyExists: Another view of the experiment has this name.
        InvalidParameter: The experiment is deleted or has 200 views, or the name or query is too long.
        """
        return self.send(CreateSavedView(name=name, query=query, experiment_id=experiment_id))

    def update_saved_view(
        self,
        view_id: str,
        name: str | None = None,
        query: str | None = None,
        last_update_time: int | None = None,
    ) -> SavedView:
        """Rename a view, or let it show something else.

        Parameters
        ----------
        last_update_time: That of the view as it was read, in milliseconds: what somebody else changed since is not
            overwritten. None overwrites it.

        Raises
        ------
        AlreadyExists: Another view of the experiment has the new name.
        Conflict: It was changed since.
        DoesNotExist: There is no such view.
        """
        return self.send(UpdateSavedView(view_id=view_id, name=name, query=query, last_update_time=last_update_time))

    def delete_saved_view(self, view_id: str) -> None:
        """Delete a view.

        Raises
        ------
        DoesNotExist: There is no such view.
        """
        self.send(DeleteSavedView(view_id=view_id))

    def list_saved_views(self, experiment_id: str | None = None) -> SavedViewsFound:
        """The views of an experiment and those of all experiments, by name; and which of them its table shows first."""
        return self.send(ListSavedViews(experiment_id=experiment_id))

    def set_default_view(self, experiment_id: str, view_id: str | None) -> None:
        """Choose the view that the table of an experiment shows first; None for the plain table.

        Raises
        ------
        DoesNotExist: There is no such view, or experiment.
        InvalidParameter: It belongs to another experiment, or the experiment is deleted.
        """
        self.send(SetDefaultView(experiment_id=experiment_id, view_id=view_id))
