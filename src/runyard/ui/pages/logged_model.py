"""A logged model: what it was made from, what was measured of it, its files, what it was registered as."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.core.entity import Tag
from runyard.core.tags import NOTE_TAG, VERSIONS_TAG
from runyard.exceptions import RunyardException
from runyard.registry.model_versions.entities import ModelVersion
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.logged_models.messages import DeleteLoggedModelTag, SetLoggedModelTags
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.markdown import note
from runyard.ui.parts.packaging import Packaging, packaging_at
from runyard.ui.parts.presentation import model_name, model_points
from runyard.ui.parts.registry import read_run, read_version, requested_logged_model
from runyard.ui.parts.shells import logged_model_address, logged_model_shell
from runyard.ui.parts.snippets import Snippet, snippets_of
from runyard.ui.site import Form, Site

MAX_VERSIONS = 50


@dataclass(frozen=True)
class LoggedModelPage:
    """All that logged_model.html may use."""

    model: LoggedModel
    experiment: Experiment
    run: Run | None
    versions: tuple[ModelVersion, ...]
    params: Mapping[str, str]
    metrics: tuple[Metric, ...]
    description: str
    description_html: Markup
    packaging: Packaging
    snippets: tuple[Snippet, ...]
    tab: str = "overview"


def show(site: Site, request: Request) -> Response:
    """The page of one logged model."""
    model, experiment = requested_logged_model(site, request)
    if model.experiment_id != request.path_params["experiment_id"]:
        return RedirectResponse(logged_model_address(site, model), 307)
    description = model.tags.get(NOTE_TAG, "")
    page = LoggedModelPage(
        model=model,
        experiment=experiment,
        run=read_run(site, model.source_run_id),
        versions=_versions(site, model),
        params=dict(sorted(model.params.items())),
        metrics=tuple(model_points(model)),
        description=description,
        description_html=note(description),
        packaging=packaging_at(site, model.artifact_location),
        snippets=snippets_of(model.model_uri, site.address(request), model_name(model)),
    )
    return site.page(request, "logged_model", page, logged_model_shell(site, experiment, model))


def _versions(site: Site, model: LoggedModel) -> tuple[ModelVersion, ...]:
    """The versions that were made of it: a tag lists them, and each is asked whether that is so."""
    try:
        listed = json.loads(model.tags.get(VERSIONS_TAG, "[]"))
    except (ValueError, RecursionError):
        return ()
    found = []
    for entry in listed[:MAX_VERSIONS] if isinstance(listed, list) else ():
        if isinstance(entry, dict) and entry.get("name"):
            try:
                version = read_version(site, str(entry["name"]), str(entry.get("version")))
            except RunyardException:  # deleted since, or never there
                continue
            found += [version] if version.model_id == model.model_id else []
    return tuple(found)


def set_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Set or replace a tag."""
    site.ask(SetLoggedModelTags(model_id=path["model_id"], tags=[Tag(key=form.tag_key(), value=form.raw("value"))]))
    return _page(site, path, "tag-set")


def delete_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Remove a tag."""
    site.ask(DeleteLoggedModelTag(model_id=path["model_id"], tag_key=form.raw("key")))
    return _page(site, path, "tag-deleted")


def describe(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Save a description."""
    described = Tag(key=NOTE_TAG, value=form.raw("description"))
    site.ask(SetLoggedModelTags(model_id=path["model_id"], tags=[described]))
    return _page(site, path, "description-saved")


def _page(site: Site, path: Mapping[str, Any], notice: str) -> str:
    return site.urls("experiments", path["experiment_id"], "models", path["model_id"], notice=notice)
