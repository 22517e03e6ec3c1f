"""The ways to the pages of runs and models, which the pages below them share, and what surrounds these."""

from runyard.registry.model_versions.entities import ModelVersion
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.presentation import model_name, run_name
from runyard.ui.parts.registry import model_crumbs, version_address
from runyard.ui.site import Site


def run_crumbs(site: Site, experiment: Experiment, run: Run, *rest: Crumb) -> tuple[Crumb, ...]:
    """The way to a run's page, and to those below it."""
    return (
        Crumb("Experiments", site.urls()),
        Crumb(experiment.name, site.urls("experiments", experiment.experiment_id)),
        Crumb(run_name(run), site.urls("runs", run.info.run_id) if rest else None),
        *rest,
    )


def logged_model_shell(site: Site, experiment: Experiment, model: LoggedModel, *rest: Crumb) -> Shell:
    """What surrounds the pages of a logged model."""
    crumbs = (
        Crumb("Experiments", site.urls()),
        Crumb(experiment.name, site.urls("experiments", experiment.experiment_id)),
        Crumb("Models", site.urls("experiments", experiment.experiment_id, "models")),
        Crumb(model_name(model), logged_model_address(site, model) if rest else None),
        *rest,
    )
    return Shell(model_name(model), "experiments", crumbs)


def version_shell(site: Site, version: ModelVersion, *rest: Crumb) -> Shell:
    """What surrounds the pages of a version."""
    address = version_address(site, version.name, version.version)
    crumb = Crumb(f"Version {version.version}", address if rest else None)
    title = f"{version.name}, version {version.version}"
    return Shell(title, "models", model_crumbs(site, version.name, crumb, *rest))


def logged_model_address(site: Site, model: LoggedModel) -> str:
    """The address of a logged model's page."""
    return site.urls("experiments", model.experiment_id, "models", model.model_id)
