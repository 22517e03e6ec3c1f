"""Messages that remove for good."""

from runyard.protocol.answer import Nothing
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId
from runyard.tracking.experiments.messages import experiment_number


class RemoveExperiment(Message[Nothing], post="experiments/remove", family="runyard", needs="experiment.delete"):
    """Remove a deleted experiment for good, with its runs, logged models and all their artifacts.

    This cannot be undone. Once this is answered nothing of it can be restored any more; the server then deletes one
    run after the other, and last the experiment. What was interrupted goes on when a server is started, or with
    `runyard gc`. The experiment is refused, and nothing of it changed, when it is not deleted, when a version of a
    registered model needs one of its runs or logged models, or when artifacts are not where the server keeps them.
    Experiment 0 is there again afterwards, empty: runs that name no experiment go there.
    """

    experiment_id: ExperimentId

    def check(self) -> None:
        experiment_number(self.experiment_id)
