"""Stars of runs and of experiments: a tag of ours, until accounts give everybody their own."""

from runyard.core.tags import STARRED_TAG
from runyard.tracking.experiments.messages import DeleteExperimentTag, GetExperiment, SetExperimentTag
from runyard.tracking.runs.messages import DeleteTag, GetRun, SetTag
from runyard.ui.parts.presentation import is_starred
from runyard.ui.site import Site


def turn_star(site: Site, run_id: str) -> None:
    """Star a run, or take its star away.

    Raises
    ------
    DoesNotExist: There is no such run.
    InvalidParameter: It is deleted.
    """
    starred = is_starred(site.ask(GetRun(run_id=run_id)).run)
    tag = {"run_id": run_id, "key": STARRED_TAG}
    site.ask(DeleteTag(**tag) if starred else SetTag(**tag, value="true"))


def turn_star_of_experiment(site: Site, experiment_id: str) -> None:
    """Star an experiment, or take its star away.

    Raises
    ------
    DoesNotExist: There is no such experiment.
    InvalidParameter: It is deleted.
    """
    starred = is_starred(site.ask(GetExperiment(experiment_id=experiment_id)).experiment)
    tag = {"experiment_id": experiment_id, "key": STARRED_TAG}
    site.ask(DeleteExperimentTag(**tag) if starred else SetExperimentTag(**tag, value="true"))
