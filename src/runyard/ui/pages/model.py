"""A registered model: its versions, what it is for, what happened to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.entities import ModelVersion
from runyard.registry.model_versions.messages import ModelVersionsFound
from runyard.registry.registered_models.entities import RegisteredModel
from runyard.registry.registered_models.messages import (
    DeleteRegisteredModel,
    DeleteRegisteredModelTag,
    RenameRegisteredModel,
    SetRegisteredModelTag,
    UpdateRegisteredModel,
)
from runyard.search.fields import MODEL_VERSION_FIELDS
from runyard.ui.navigation import Shell
from runyard.ui.parts.filter_error import FilterError, filter_error
from runyard.ui.parts.filters import as_filter, notes_on
from runyard.ui.parts.list_state import ListState, Pages
from runyard.ui.parts.markdown import note
from runyard.ui.parts.registry import (
    MAX_SEARCHED,
    Event,
    Origin,
    events_of,
    model_crumbs,
    most_common_metrics,
    origin_of,
    read_model,
    search_versions,
)
from runyard.ui.parts.sorting import Column, column_of
from runyard.ui.site import Form, Site

PAGE_SIZE = 50
FEW_EVENTS = 20
_COLUMNS = (
    ("version_number", "Version"),
    ("creation_timestamp", "Created"),
    ("last_updated_timestamp", "Changed"),
)
_NEWEST = "version_number DESC"


@dataclass(frozen=True)
class VersionRow:
    """A version with where it came from."""

    version: ModelVersion
    origin: Origin


@dataclass(frozen=True)
class ModelPage:
    """All that model.html may use."""

    model: RegisteredModel
    description_html: Markup
    rows: tuple[VersionRow, ...]
    metrics: tuple[str, ...]
    columns: dict[str, Column]
    pages: Pages
    events: tuple[Event, ...]
    all_events: str | None
    filter: str
    order: str
    error: FilterError | None
    notes: tuple[str, ...]
    here: str
    register_code: str


def show(site: Site, request: Request) -> Response:
    """The page of one registered model."""
    state = ListState.of(request)
    model = read_model(site, request.path_params["name"])
    path = site.urls("models", model.name)
    order = state.text("order")
    found, error = _versions(site, model, order, state)
    rows = tuple(VersionRow(version, origin_of(site, version)) for version in found.model_versions)
    everything = bool(state.text("activity"))
    most = MAX_SEARCHED if everything else FEW_EVENTS
    newest = search_versions(site, "name", model.name, _NEWEST, most + 1).model_versions
    events = events_of(site, model.name, newest, most + 1)
    page = ModelPage(
        model=model,
        description_html=note(model.description or ""),
        rows=rows,
        metrics=most_common_metrics(row.origin for row in rows),
        columns={key: column_of(key, label, order or _NEWEST, state, path) for key, label in _COLUMNS},
        pages=state.pages(path, len(rows), None, found.next_page_token, PAGE_SIZE),
        events=events[:most],
        all_events=None if everything or len(events) <= most else state.href(path, activity="all") + "#activity",
        filter=state.text("filter"),
        order=order,
        error=error,
        notes=() if rows or error else notes_on(site, "model-versions", state.text("filter")),
        here=path,
        register_code=_register_code(site.address(request), model.name),
    )
    shell = Shell(model.name, "models", model_crumbs(site, model.name))
    return site.page(request, "model", page, shell, 400 if error else 200)


def _register_code(address: str, name: str) -> str:
    """How to add a first version, as code to fill in."""
    tracking, named = (json.dumps(text, ensure_ascii=False) for text in (address, name))
    return (
        f"import runyard as mlflow\n\nmlflow.set_tracking_uri({tracking})\n"
        f'mlflow.register_model("runs:/<run id>/model", {named})'
    )


def _versions(
    site: Site, model: RegisteredModel, order: str, state: ListState
) -> tuple[ModelVersionsFound, FilterError | None]:
    """The versions to show; what is wrong with the filter, the order or the page of the address."""
    try:
        within = as_filter(state.text("filter"), MODEL_VERSION_FIELDS) or ""
        return search_versions(site, "name", model.name, order or _NEWEST, PAGE_SIZE, state.token, within), None
    except InvalidParameter as problem:
        return ModelVersionsFound(), filter_error(problem.message)


def describe(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Save a model's description."""
    site.ask(UpdateRegisteredModel(name=path["name"], description=form.raw("description")))
    return site.urls("models", path["name"], notice="description-saved")


def rename(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Give a model another name."""
    name = form.new_name("A model")
    site.ask(RenameRegisteredModel(name=path["name"], new_name=name))
    return site.urls("models", name, notice="model-renamed")


def set_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Set or replace a model's tag."""
    site.ask(SetRegisteredModelTag(name=path["name"], key=form.tag_key(), value=form.raw("value")))
    return site.urls("models", path["name"], notice="tag-set")


def delete_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Remove a model's tag."""
    site.ask(DeleteRegisteredModelTag(name=path["name"], key=form.raw("key")))
    return site.urls("models", path["name"], notice="tag-deleted")


def delete(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Delete a model for good; its name must have been typed."""
    if form.text("confirmed") != path["name"].strip():
        raise InvalidParameter(
            f"To delete the model {path['name']!r} with all its versions, type its name. "
            f"{form.text('confirmed')!r} was typed; nothing was deleted."
        )
    site.ask(DeleteRegisteredModel(name=path["name"]))
    return site.urls("models", notice="model-deleted")
