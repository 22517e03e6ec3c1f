"""A run: what it was given, what it measured, what it left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.core.tags import BRANCH_TAG, COMMIT_TAG, NOTE_TAG, REPOSITORY_TAG, SOURCE_NAME_TAG, SOURCE_TYPE_TAG
from runyard.registry.model_versions.entities import ModelVersion
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.inputs.entities import LoggedModelInput, LoggedModelOutput
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.logged_models.messages import SearchLoggedModels
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import DeleteRun, DeleteTag, GetRun, RestoreRun, SetTag, UpdateRun
from runyard.ui.navigation import Shell
from runyard.ui.parts.chart_runs import ChartRuns, chart_runs
from runyard.ui.parts.charts import Chart, charts_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.markdown import note, web_link
from runyard.ui.parts.narrowed import Narrowed, narrowed_metrics, narrowed_texts, within_budget
from runyard.ui.parts.origin import Started, started_with
from runyard.ui.parts.packaging import Packaging, packaging_at
from runyard.ui.parts.presentation import (
    has_output,
    is_project,
    model_name,
    own_run_tags,
    parent_id,
    run_name,
    system_tags,
)
from runyard.ui.parts.printed import Printed, printed_by
from runyard.ui.parts.project import Project, project_of
from runyard.ui.parts.registry import equals, read_logged_model, read_run, search_versions
from runyard.ui.parts.shells import run_crumbs
from runyard.ui.parts.snippets import Snippet, resume_snippets, snippets_of
from runyard.ui.parts.stars import turn_star
from runyard.ui.parts.steps import Steps, steps_of
from runyard.ui.parts.system_metrics import is_of_the_system
from runyard.ui.site import Form, Site

MAX_MODELS = 50
MAX_BYTES, MAX_LINES = 32_768, 40


_METRIC, _PAIR, _OWN_TAG = 7, 3, 17
"""Elements of a row: a metric, a param or a tag of tools, and a tag with the form that changes it."""


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

    run: Run
    experiment: Experiment
    parent: Run | None
    steps: Steps | None
    project: Project | None
    started: Started | None
    printed: Printed | None
    description: str
    description_html: Markup
    metrics: Narrowed[Metric]
    params: Narrowed[tuple[str, str]]
    tags: Narrowed[tuple[str, str]]
    system_tags: Narrowed[tuple[str, str]]
    find: str
    charts: tuple[Chart, ...]
    source: Source
    shown: ChartRuns
    versions: tuple[ModelVersion, ...]
    models_made: tuple[LoggedModel, ...]
    models_read: tuple[LoggedModel, ...]
    packaging: Packaging | None
    snippets: tuple[Snippet, ...]
    resume: tuple[Snippet, ...]
    tab: str = "overview"

    @property
    def wide(self) -> bool:
        """Whether there is more than the page shows, so that one must be able to look for it."""
        return any(some.cut for some in (self.metrics, self.params, self.tags, self.system_tags))


def show(site: Site, request: Request) -> Response:
    """The page of one run."""
    run = site.ask(GetRun(run_id=request.path_params["run_id"])).run
    experiment = site.ask(GetExperiment(experiment_id=run.info.experiment_id)).experiment
    tags, measured = run.data.tags, run.data.latest_metrics
    find = ListState.of(request).text("find")
    own = narrowed_metrics((metric for metric in measured if not is_of_the_system(metric.key)), find)
    metrics, params, own_tags, of_tools = within_budget(
        (own, _METRIC),
        (narrowed_texts(run.data.params, find), _PAIR),
        (narrowed_texts(own_run_tags(tags), find), _OWN_TAG),
        (narrowed_texts(system_tags(tags), find), _PAIR),
    )
    made = _models_made(site, run)
    newest = max(made, key=lambda model: model.creation_timestamp, default=None)
    page = RunPage(
        run=run,
        experiment=experiment,
        parent=read_run(site, parent_id(run)),
        steps=steps_of(site, run),
        project=project_of(site, run, site.address(request)) if is_project(run) else None,
        started=started_with(site, run, site.address(request), again=not is_project(run)),
        printed=printed_by(site, run, MAX_BYTES, MAX_LINES) if has_output(run) else None,
        description=tags.get(NOTE_TAG, ""),
        description_html=note(tags.get(NOTE_TAG, "")),
        metrics=metrics,
        params=params,
        tags=own_tags,
        system_tags=of_tools,
        find=find,
        charts=charts_of(site.urls, [run], [metric.key for metric in own.entries]),
        shown=chart_runs([run]),
        source=_source(tags),
        versions=tuple(search_versions(site, "run_id", run.info.run_id, "", MAX_MODELS).model_versions),
        models_made=made,
        models_read=_logged_models(site, run.inputs.model_inputs if run.inputs else ()),
        packaging=packaging_at(site, newest.artifact_location) if newest else None,
        snippets=snippets_of(newest.model_uri, site.address(request), model_name(newest)) if newest else (),
        resume=resume_snippets(site.address(request), run.info.run_id, _next_step(measured)),
    )
    return site.page(request, "run", page, Shell(run_name(run), "experiments", run_crumbs(site, experiment, run)))


def redirect(site: Site, request: Request) -> Response:
    """The address below the experiment leads to the run's own."""
    return RedirectResponse(site.urls("runs", request.path_params["run_id"]), 308)


def _models_made(site: Site, run: Run) -> tuple[LoggedModel, ...]:
    """The logged models that name the run as their source, and those it noted as its outputs."""
    question = SearchLoggedModels(
        experiment_ids=[run.info.experiment_id],
        filter=equals("source_run_id", run.info.run_id),
        max_results=MAX_MODELS,
    )
    made = site.ask(question).models
    known = {model.model_id for model in made}
    noted = run.outputs.model_outputs if run.outputs else ()
    return (*made, *_logged_models(site, [output for output in noted if output.model_id not in known]))


def _logged_models(site: Site, noted: Sequence[LoggedModelInput | LoggedModelOutput]) -> tuple[LoggedModel, ...]:
    found = (read_logged_model(site, one.model_id) for one in noted[:MAX_MODELS])
    return tuple(model for model in found if model is not None)


def _next_step(measured: Sequence[Metric]) -> int:
    """The step after the last one that the run has logged itself."""
    return max((metric.step + 1 for metric in measured if not is_of_the_system(metric.key)), default=0)


def _source(tags: Mapping[str, str]) -> Source:
    repository = tags.get(REPOSITORY_TAG, "")
    return Source(
        name=tags.get(SOURCE_NAME_TAG, ""),
        kind=tags.get(SOURCE_TYPE_TAG, ""),
        commit=tags.get(COMMIT_TAG, ""),
        branch=tags.get(BRANCH_TAG, ""),
        repository=repository,
        link=web_link(repository),
    )


def rename(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Give a run another name."""
    name = form.new_name("A run")
    site.ask(UpdateRun(run_id=path["run_id"], run_name=name))
    return site.urls("runs", path["run_id"], notice="run-renamed")


def describe(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Save a run's description."""
    site.ask(SetTag(run_id=path["run_id"], key=NOTE_TAG, value=form.raw("description")))
    return site.urls("runs", path["run_id"], notice="description-saved")


def star(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Star a run, or take its star away."""
    turn_star(site, path["run_id"])
    return site.urls("runs", path["run_id"])


def set_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Set or replace a tag."""
    site.ask(SetTag(run_id=path["run_id"], key=form.tag_key(), value=form.raw("value")))
    return site.urls("runs", path["run_id"], notice="tag-set")


def delete_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Remove a tag."""
    site.ask(DeleteTag(run_id=path["run_id"], key=form.raw("key")))
    return site.urls("runs", path["run_id"], notice="tag-deleted")


def delete(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Delete a run; it can be restored."""
    site.ask(DeleteRun(run_id=path["run_id"]))
    return site.urls("runs", path["run_id"], notice="run-deleted")


def restore(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Bring back a deleted run."""
    site.ask(RestoreRun(run_id=path["run_id"]))
    return site.urls("runs", path["run_id"], notice="run-restored")


def fail(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """End a lost run as failed, at its last sign of life. One that is itself again is left as it is."""
    info = site.ask(GetRun(run_id=path["run_id"])).run.info
    if info.lost_since is None:
        return site.urls("runs", path["run_id"], notice="run-goes-on")
    site.ask(UpdateRun(run_id=path["run_id"], status="FAILED", end_time=info.lost_since))
    return site.urls("runs", path["run_id"], notice="run-failed")
