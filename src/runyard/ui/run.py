"""A run: what it was given, what it measured, what it left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.exceptions import RunyardException
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.logged_models.messages import SearchLoggedModels
from runyard.tracking.runs.messages import GetRun
from runyard.ui.charts import Chart, charts_of
from runyard.ui.markdown import note, web_link
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.packaging import Packaging, packaging_at
from runyard.ui.printed import Printed, printed_by
from runyard.ui.project import Project, project_of
from runyard.ui.records import NOTE_TAG, ExperimentRecord, MetricRecord, RunRecord
from runyard.ui.registry import equals, read_logged_model, search_versions
from runyard.ui.registry_records import LoggedModelRecord, VersionRecord
from runyard.ui.site import Site
from runyard.ui.snippets import Snippet, snippets_of
from runyard.ui.steps import Steps, steps_of

MOST_MODELS = 50
MOST_BYTES, MOST_LINES = 32_768, 40
_COMMIT_TAG, _BRANCH_TAG, _REPOSITORY_TAG = (
    "mlflow.source.git.commit",
    "mlflow.source.git.branch",
    "mlflow.source.git.repoURL",
)


@dataclass(frozen=True)
class Source:
    """Where a run's code came from."""

    name: str
    kind: str
    commit: str
    branch: str
    repository: str
    link: str | None


@dataclass(frozen=True)
class RunPage:
    """All that run.html may use."""

    run: RunRecord
    experiment: ExperimentRecord
    parent: RunRecord | None
    steps: Steps | None
    project: Project | None
    printed: Printed | None
    description: str
    description_html: Markup
    metrics: tuple[MetricRecord, ...]
    system_metrics: tuple[MetricRecord, ...]
    params: Mapping[str, str]
    charts: tuple[Chart, ...]
    source: Source
    versions: tuple[VersionRecord, ...]
    models_made: tuple[LoggedModelRecord, ...]
    models_read: tuple[LoggedModelRecord, ...]
    packaging: Packaging | None
    snippets: tuple[Snippet, ...]
    tab: str = "overview"


def show(site: Site, request: Request) -> Response:
    """The page of one run."""
    run = RunRecord.from_wire(site.perform(GetRun(run_id=request.path_params["run_id"]))["run"])
    experiment = ExperimentRecord.from_wire(site.perform(GetExperiment(experiment_id=run.experiment_id))["experiment"])
    measured = sorted(run.metrics.values(), key=lambda metric: metric.key)
    own = [metric for metric in measured if not metric.key.startswith("system/")]
    made = _models_made(site, run)
    newest = max(made, key=lambda model: model.created, default=None)
    page = RunPage(
        run=run,
        experiment=experiment,
        parent=_parent(site, run),
        steps=steps_of(site, run),
        project=project_of(site, run, site.address(request)) if run.is_project else None,
        printed=printed_by(site, run, MOST_BYTES, MOST_LINES) if run.is_project else None,
        description=run.tags.get(NOTE_TAG, ""),
        description_html=note(run.tags.get(NOTE_TAG, "")),
        metrics=tuple(own),
        system_metrics=tuple(metric for metric in measured if metric.key.startswith("system/")),
        params=dict(sorted(run.params.items())),
        charts=charts_of(site.urls, [run], [metric.key for metric in own]),
        source=_source(run.tags),
        versions=tuple(search_versions(site, "run_id", run.run_id, "", MOST_MODELS)[0]),
        models_made=made,
        models_read=_logged_models(site, run.models_read),
        packaging=packaging_at(site, newest.artifact_uri) if newest else None,
        snippets=snippets_of(newest.uri, site.address(request), newest.name) if newest else (),
    )
    return site.page(request, "run", page, Shell(run.name, "experiments", run_crumbs(site, experiment, run)))


def redirect(site: Site, request: Request) -> Response:
    """The address below the experiment leads to the run's own."""
    return RedirectResponse(site.urls("runs", request.path_params["run_id"]), 308)


def run_crumbs(site: Site, experiment: ExperimentRecord, run: RunRecord, *rest: Crumb) -> tuple[Crumb, ...]:
    """The way to a run's page, and to those below it."""
    return (
        Crumb("Experiments", site.urls()),
        Crumb(experiment.name, site.urls("experiments", experiment.experiment_id)),
        Crumb(run.name, site.urls("runs", run.run_id) if rest else None),
        *rest,
    )


def _parent(site: Site, run: RunRecord) -> RunRecord | None:
    if not run.parent_id:
        return None
    try:
        return RunRecord.from_wire(site.perform(GetRun(run_id=run.parent_id))["run"])
    except RunyardException:  # the tag may name anything
        return None


def _models_made(site: Site, run: RunRecord) -> tuple[LoggedModelRecord, ...]:
    """The logged models that name the run as their source, and those it noted as its outputs."""
    question = SearchLoggedModels(
        experiment_ids=[run.experiment_id], filter=equals("source_run_id", run.run_id), max_results=MOST_MODELS
    )
    made = [LoggedModelRecord.from_wire(model) for model in site.perform(question).get("models", ())]
    known = {model.model_id for model in made}
    return (*made, *_logged_models(site, [model_id for model_id in run.models_made if model_id not in known]))


def _logged_models(site: Site, ids: Sequence[str]) -> tuple[LoggedModelRecord, ...]:
    found = (read_logged_model(site, model_id) for model_id in ids[:MOST_MODELS])
    return tuple(model for model in found if model is not None)


def _source(tags: Mapping[str, str]) -> Source:
    repository = tags.get(_REPOSITORY_TAG, "")
    return Source(
        name=tags.get("mlflow.source.name", ""),
        kind=tags.get("mlflow.source.type", ""),
        commit=tags.get(_COMMIT_TAG, ""),
        branch=tags.get(_BRANCH_TAG, ""),
        repository=repository,
        link=web_link(repository),
    )


def names_of(runs: Sequence[RunRecord]) -> dict[str, str]:
    """A name for each run; runs of the same name get the start of their id beside it."""
    names = [run.name for run in runs]
    return {run.run_id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.run_id[:6]})" for run in runs}
