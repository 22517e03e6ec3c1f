"""The registered models: what there is, what is in production, which aliases are where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter
from runyard.registry.registered_models.entities import RegisteredModel
from runyard.registry.registered_models.messages import (
    CreateRegisteredModel,
    RegisteredModelsFound,
    SearchRegisteredModels,
)
from runyard.search.fields import REGISTERED_MODEL_FIELDS
from runyard.ui.navigation import Shell
from runyard.ui.parts.filter_error import FilterError, filter_error
from runyard.ui.parts.filters import as_filter, notes_on
from runyard.ui.parts.list_state import ListState, Pages
from runyard.ui.parts.sorting import Column, column_of, order_terms
from runyard.ui.site import Form, Site

PAGE_SIZE = 100
_COLUMNS = (("name", "Name"), ("last_updated_timestamp", "Changed"))


@dataclass(frozen=True)
class ModelsPage:
    """All that models.html may use."""

    models: tuple[RegisteredModel, ...]
    pages: Pages
    search: str
    columns: Mapping[str, Column]
    order: str
    error: FilterError | None
    notes: tuple[str, ...]
    address: str
    here: str

    @property
    def untouched(self) -> bool:
        """Whether no model is registered yet."""
        return not self.search and not self.models and not self.error


def show(site: Site, request: Request) -> Response:
    """The list of registered models, narrowed by words or a filter."""
    state = ListState.of(request)
    search, order = state.text("search"), state.text("order")
    error: FilterError | None = None
    found = RegisteredModelsFound()
    notes: tuple[str, ...] = ()
    try:
        wanted = as_filter(search, REGISTERED_MODEL_FIELDS)
        question = SearchRegisteredModels(
            filter=wanted,
            order_by=order_terms(order, "name ASC"),
            max_results=PAGE_SIZE,
            page_token=state.token,
        )
        found = site.ask(question)
        notes = () if found.registered_models else notes_on(site, "registered-models", wanted)
    except InvalidParameter as problem:
        error = filter_error(problem.message)
    models = tuple(found.registered_models)
    path = site.urls("models")
    page = ModelsPage(
        models=models,
        pages=state.pages(path, len(models), None, found.next_page_token, PAGE_SIZE),
        search=search,
        columns={key: column_of(key, label, order, state, path) for key, label in _COLUMNS},
        order=order,
        error=error,
        notes=notes,
        address=site.address(request),
        here=path,
    )
    return site.page(request, "models", page, Shell("Models", "models"), 400 if error else 200)


def create(site: Site, form: Form, _path: Mapping[str, Any]) -> str:
    """Register a name and go to its page."""
    name = form.new_name("A model")
    site.ask(CreateRegisteredModel(name=name))
    return site.urls("models", name, notice="model-created")
