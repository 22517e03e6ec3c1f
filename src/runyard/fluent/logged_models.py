"""Logged models: create, finish, search and describe them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from runyard.client.active_model import active
from runyard.core import origin
from runyard.core.libraries import pd, required
from runyard.core.listed import listed_ids
from runyard.core.paged_list import PagedList, all_pages
from runyard.core.tags import EXTERNAL_TAG
from runyard.exceptions import InvalidParameter
from runyard.fluent.clients import client
from runyard.fluent.experiments import current_experiment_id
from runyard.fluent.external_models import store_description
from runyard.fluent.stack import addressed, innermost
from runyard.tracking.inputs.entities import LoggedModelOutput
from runyard.tracking.logged_models.entities import LoggedModel, LoggedModelStatus


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Create a model whose files are logged later. It is pending until `finalize_logged_model`.

    Parameters
    ----------
    name: Its name; a random one when left out.
    source_run_id: The run that creates it; the active one when left out.
    tags, params: Values are stored as text.
    model_type: What kind of model it is, such as ``"Agent"``.
    experiment_id: Its experiment; the active run's or the current one when left out.

    Raises
    ------
    InvalidParameter: The name holds one of ``/ : . %`` and quotes.
    """
    run = innermost()
    if experiment_id is None:
        experiment_id = run.info.experiment_id if run and source_run_id is None else current_experiment_id()
    if run and source_run_id is None:
        source_run_id = run.info.run_id
    model = client().create_logged_model(
        experiment_id, name, source_run_id, origin.resolve_tags(tags), params, model_type
    )
    active.last_model_id = model.model_id
    return model


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Create a model whose code and weights are kept elsewhere, such as an agent or a service. It is ready at once.

    The parameters are those of `initialize_logged_model`.
    """
    labels = {**(tags or {}), EXTERNAL_TAG: "true"}
    model = initialize_logged_model(name, source_run_id, labels, params, model_type, experiment_id)
    store_description(client(), model)
    return client().finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def finalize_logged_model(model_id: str, status: LoggedModelStatus | str) -> LoggedModel:
    """Set the final status of a model: ``"READY"`` or ``"FAILED"``.

    Raises
    ------
    InvalidParameter: There is no such status.
    DoesNotExist: There is no such model.
    """
    return client().finalize_logged_model(model_id, status)


def get_logged_model(model_id: str) -> LoggedModel:
    """A model with its params, tags and metrics.

    Raises
    ------
    DoesNotExist: There is none, or it is deleted.
    """
    return client().get_logged_model(model_id)


def last_logged_model() -> LoggedModel | None:
    """The model that this thread created last, as it is now; None if there is none."""
    return client().get_logged_model(active.last_model_id) if active.last_model_id else None


def set_logged_model_tags(model_id: str, tags: Mapping[str, Any]) -> None:
    """Set or replace tags of a model."""
    client().set_logged_model_tags(model_id, tags)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Remove a tag of a model.

    Raises
    ------
    DoesNotExist: There is no such tag or model.
    """
    client().delete_logged_model_tag(model_id, key)


def log_model_params(params: Mapping[str, Any], model_id: str | None = None) -> None:
    """Add params to a model, by default the active one. A param cannot be changed.

    Raises
    ------
    InvalidParameter: No model is named, and none is active.
    """
    chosen = model_id or active.model_id
    if not chosen:
        raise InvalidParameter("log_model_params needs a model: give model_id, or call set_active_model first.")
    client().log_model_params(chosen, params)


def log_outputs(models: Sequence[LoggedModelOutput] | None = None) -> None:
    """Note models as outputs of the run, each with its training step."""
    client, run = addressed(None)
    client.log_outputs(run, models or ())


def search_logged_models(
    experiment_ids: list[str] | None = None,
    filter_string: str | None = None,
    datasets: list[dict[str, str]] | None = None,
    max_results: int | None = None,
    order_by: list[dict[str, Any]] | None = None,
    output_format: Literal["pandas", "list"] = "pandas",
) -> "pd.DataFrame | list[LoggedModel]":
    """Logged models that match a filter, newest first unless ordered otherwise.

    Parameters
    ----------
    experiment_ids: Experiments to search; the current one when left out.
    filter_string: Such as ``metrics.accuracy > 0.9 AND params.depth = '3'``.
    datasets: Dictionaries with ``dataset_name`` and maybe ``dataset_digest``: the metrics in the filter must have been
        logged with one of these.
    max_results: Maximum number of models; all when left out.
    order_by: Dictionaries with ``field_name``, maybe ``ascending``, and for a metric maybe ``dataset_name`` and
        ``dataset_digest``.
    output_format: ``"pandas"`` for a table with a column for every attribute, ``"list"`` for LoggedModel objects.

    Raises
    ------
    InvalidParameter: There is no such format, or the filter does not parse.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidParameter(f"Invalid value {output_format!r} for 'output_format': use 'pandas' or 'list'.")

    def page(size: int, token: str | None) -> PagedList[LoggedModel]:
        where = listed_ids(experiment_ids) or [current_experiment_id()]
        return client().search_logged_models(where, filter_string, datasets, size, order_by, token)

    models = list(all_pages(page, 100, max_results))
    return models if output_format == "list" else _to_frame(models)


def _to_frame(models: Sequence[LoggedModel]) -> "pd.DataFrame":
    required("pandas", "search_logged_models(output_format='pandas')")
    rows = [model.to_dictionary() | {"status": model.status.value} for model in models]
    return pd.DataFrame(rows, columns=sorted(LoggedModel._fields))
