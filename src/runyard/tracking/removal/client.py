"""Methods of the client that remove for good."""

from runyard.protocol.client_part import ClientPart
from runyard.tracking.removal.messages import RemoveExperiment


class RemovalClient(ClientPart):
    """Experiments removed for good; `ManyRunsClient.remove_runs` removes runs."""

    def remove_experiment(self, experiment_id: str) -> None:
        """Remove a deleted experiment for good, with its runs, logged models and artifacts. This cannot be undone.

        It is gone some moments later: the server deletes its artifacts in the background, and goes on with that after
        a restart. In a store without a server, `runyard gc` removes experiments. Experiment 0 comes back empty.

        Raises
        ------
        DoesNotExist: There is no such experiment.
        InvalidParameter: It is not deleted, or its artifacts are not kept by the server.
        Conflict: A version of a registered model needs something of it; nothing was removed.
        """
        self.send(RemoveExperiment(experiment_id=str(experiment_id)))
