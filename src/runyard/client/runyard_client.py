"""The client: every operation of the protocol as a method, collected from the slices into one class."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from runyard._missing import did_you_mean, mlflow
from runyard.artifacts.repository import ArtifactRepository
from runyard.client.active_model import active
from runyard.client.addresses import followed
from runyard.client.connection import StoreConnection, connection_to
from runyard.client.pictures import PicturesClient
from runyard.client.tables import TablesClient
from runyard.core.tracking_uri import checked_uri, get_tracking_uri, registry_uri_for
from runyard.exceptions import NotImplementedHere
from runyard.registry.model_versions.client import ModelVersionsClient
from runyard.registry.promotion.client import PromotionClient
from runyard.tracking.experiments.client import ExperimentsClient
from runyard.tracking.inputs.client import InputsClient
from runyard.tracking.logged_models.client import LoggedModelsClient
from runyard.tracking.many_runs.client import ManyRunsClient
from runyard.tracking.metrics.client import MetricsClient
from runyard.tracking.origins.client import OriginsClient
from runyard.tracking.removal.client import RemovalClient
from runyard.tracking.run_changes.client import RunChangesClient
from runyard.tracking.run_groups.client import RunGroupsClient
from runyard.tracking.run_trees.client import RunTreesClient
from runyard.tracking.run_values.client import RunValuesClient
from runyard.tracking.saved_views.client import SavedViewsClient


class RunyardClient(
    PicturesClient,
    TablesClient,
    ExperimentsClient,
    MetricsClient,
    ManyRunsClient,
    RemovalClient,
    RunGroupsClient,
    RunTreesClient,
    RunValuesClient,
    RunChangesClient,
    SavedViewsClient,
    OriginsClient,
    InputsClient,
    LoggedModelsClient,
    ModelVersionsClient,
    PromotionClient,
):
    """Reads and writes one store: a server, or a database of this machine.

    Parameters
    ----------
    tracking_uri: ``http(s)://…``, ``sqlite:///…`` or ``postgresql://…``; by default the current tracking URI.
    registry_uri: Store of the model registry; by default the current registry URI, else the tracking URI.
    workspace_store_uri: Taken for compatibility; there are no workspaces.

    Raises
    ------
    InvalidParameter: The address is not a store's.
    NotImplementedHere: A store of workspaces is given.
    """

    active_model = active

    def __init__(
        self,
        tracking_uri: str | None = None,
        registry_uri: str | None = None,
        workspace_store_uri: str | None = None,
    ) -> None:
        if workspace_store_uri is not None:
            raise NotImplementedHere("Runyard has no workspaces: leave 'workspace_store_uri' out.")
        self._tracking_uri = checked_uri(str(tracking_uri or get_tracking_uri()))
        self._registry_uri = checked_uri(str(registry_uri or registry_uri_for(self._tracking_uri)))
        self.connection: StoreConnection = connection_to(self._tracking_uri)

    def __getstate__(self) -> dict[str, Any]:
        """The state for another process: absolute addresses, and no open connection."""
        state = {name: value for name, value in vars(self).items() if name not in ("connection", "registry")}
        addresses = {"_tracking_uri": self.connection.transport.uri, "_registry_uri": self.registry.transport.uri}
        return state | addresses

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.connection = connection_to(self._tracking_uri)

    @property
    def tracking_uri(self) -> str:
        """The store this client speaks to."""
        return self._tracking_uri

    def repository(self, artifact_uri: str) -> ArtifactRepository:
        """The artifact repository for a URI of any kind, ``runs:/`` and ``models:/`` too."""
        root, path = followed(self, artifact_uri)
        return super().repository(root).below(path) if path else super().repository(root)

    @property
    def registry_uri(self) -> str:
        """The store where this client registers models."""
        return self._registry_uri

    @cached_property
    def registry(self) -> StoreConnection:  # type: ignore[override]  # declared as an attribute, made when it is needed
        """The connection to the store where models are registered."""
        return connection_to(self._registry_uri)

    if not TYPE_CHECKING:  # type checkers report what is missing themselves

        def __getattr__(self, name: str) -> NoReturn:
            reason = mlflow().reason_for_method(name)
            more = f": {reason}" if reason else did_you_mean(name, dir(type(self)))
            missing = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(missing + more, name=name, obj=self)


MlflowClient = RunyardClient
