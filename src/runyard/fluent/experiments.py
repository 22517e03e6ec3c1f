"""Experiments, and which of them new runs belong to."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from runyard import settings
from runyard.core.credentials import without_credentials
from runyard.core.lifecycle import LifecycleStage, ViewType
from runyard.core.limits import check_is_text
from runyard.core.paged_list import PagedList, all_pages
from runyard.core.store_address import absolute
from runyard.core.tracking_uri import after_set_tracking_uri, get_tracking_uri
from runyard.exceptions import AlreadyExists, DoesNotExist, InvalidParameter, RunyardException
from runyard.fluent.clients import client
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import PENDING, pending_name

DEFAULT_EXPERIMENT_ID = "0"


class _Choice(NamedTuple):
    """What `set_experiment` chose: a name, or the id of an experiment in one store."""

    experiment_id: str
    name: str
    store: str
    by_id: bool


class _Active:
    choice: _Choice | None = None


def active_experiment_id() -> str | None:
    """The id of the experiment that `set_experiment` chose, if it did, in the store where runs are logged now.

    Raises
    ------
    InvalidParameter: It was chosen by id in another store, or the experiment of its name is deleted in this one.
    """
    choice = _Active.choice
    if choice is None:
        return None
    if not choice.by_id and not _is_here(choice):
        return set_experiment(choice.name).experiment_id
    if not _is_here(choice):
        _refuse_id_of_another_store(choice)
    return choice.experiment_id


def _is_here(choice: _Choice) -> bool:
    """Whether its id belongs to the current store."""
    return choice.store == _store() and not pending_name(choice.experiment_id)


def _refuse_id_of_another_store(choice: _Choice) -> None:
    """Raise unless the store is the same: ids differ between stores, but one store may have two addresses."""
    try:
        if client().get_experiment(choice.experiment_id).name == choice.name:
            return
    except RunyardException as problem:
        if problem.error_code != DoesNotExist.code:
            raise
    raise InvalidParameter(
        f"Experiment {choice.experiment_id} ({choice.name!r}) was chosen by its id in "
        f"{without_credentials(choice.store)}, and runs are logged to {without_credentials(_store())} now. "
        "Call set_experiment again after set_tracking_uri."
    )


def _store() -> str:
    """The current store in a form that can be compared."""
    return absolute(get_tracking_uri()).rstrip("/")


def activate(experiment: Experiment | None, by_id: bool = False) -> None:
    """Make this the experiment of new runs, for this process and its children; None restores the default.

    Parameters
    ----------
    by_id: It was chosen by id, so it is only valid in this store.
    """
    _Active.choice = _Choice(experiment.experiment_id, experiment.name, _store(), by_id) if experiment else None
    settings.EXPERIMENT_ID.unset()
    if experiment is not None:
        _tell_children()


def _tell_children() -> None:
    """Programs that this one starts find the experiment by its id, or in another store by its name."""
    choice = _Active.choice
    if choice is None:
        return
    here = choice.by_id or _is_here(choice)
    given, unset = settings.EXPERIMENT_ID, settings.EXPERIMENT_NAME
    if not here:
        given, unset = unset, given
    given.set(choice.experiment_id if here else choice.name)
    unset.unset()


after_set_tracking_uri.append(_tell_children)


def set_experiment(
    experiment_name: str | None = None, experiment_id: str | None = None, trace_location: None = None
) -> Experiment:
    """Choose the experiment of new runs, by name (created if it does not exist) or by id.

    The tracking URI may be set afterwards: the experiment of this name is then found or created there.

    Raises
    ------
    InvalidParameter: Both or neither were given, or the experiment is deleted.
    DoesNotExist: There is no experiment with that id.
    """
    experiment = _chosen(experiment_name, experiment_id)
    activate(experiment, by_id=experiment_id is not None)
    return experiment


def _chosen(name: str | None, experiment_id: str | None) -> Experiment:
    if (name is None) == (experiment_id is None):
        raise InvalidParameter(f"Give either experiment_name or experiment_id; got {name!r} and {experiment_id!r}.")
    experiment = _with_id(str(experiment_id)) if name is None else _get_or_create(name)
    if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidParameter(
            f"Experiment {experiment.name!r} (id {experiment.experiment_id}) is deleted, so no run can be added to it. "
            "Restore it with restore_experiment, or choose another name."
        )
    return experiment


def _get_or_create(name: str) -> Experiment:
    """The experiment of this name, created unless it exists; another process may create it meanwhile."""
    check_is_text("experiment_name", name)
    if not name:
        raise InvalidParameter(f"Invalid experiment name {name!r}: use text with at least one character.")
    if client().connection.is_away():
        return _unseen(f"{PENDING}{name}", name)
    known: Experiment | None = client().get_experiment_by_name(name)
    if known is not None:
        return known
    try:
        experiment_id = client().create_experiment(name)
    except RunyardException as problem:
        if problem.error_code != AlreadyExists.code:
            raise
        created_by_another: Experiment | None = client().get_experiment_by_name(name)
        if created_by_another is None:
            raise
        return created_by_another
    return client().get_experiment(experiment_id)


def _with_id(experiment_id: str) -> Experiment:
    return _unseen(experiment_id, "") if client().connection.is_away() else client().get_experiment(experiment_id)


def _unseen(experiment_id: str, name: str) -> Experiment:
    """An experiment while its server is unreachable: it is found, or created by its name, later."""
    return Experiment(experiment_id, name, "", LifecycleStage.ACTIVE)


def current_experiment_id() -> str:
    """The experiment of a new run: chosen by `set_experiment`, by MLFLOW_EXPERIMENT_ID or _NAME, or the default one.

    Raises
    ------
    InvalidParameter: The two variables name different experiments.
    DoesNotExist: There is no experiment with the id in MLFLOW_EXPERIMENT_ID.
    """
    chosen = active_experiment_id()
    if chosen is not None:
        return chosen
    by_id, name = settings.EXPERIMENT_ID.get(), settings.EXPERIMENT_NAME.get()
    if name:
        named = _get_or_create(name).experiment_id
        if by_id and by_id != named and pending_name(named) is None:
            raise InvalidParameter(
                f"MLFLOW_EXPERIMENT_ID is {by_id!r}, but the experiment in MLFLOW_EXPERIMENT_NAME, {name!r}, "
                f"has id {named!r}. Unset one of the two variables."
            )
        return by_id or named
    return _existing(by_id) if by_id else DEFAULT_EXPERIMENT_ID


def chosen_experiment_id(name: str | None, experiment_id: str | None) -> str:
    """The given experiment, created if no one has that name; the current one when neither argument is given.

    Raises
    ------
    InvalidParameter: It is named twice, or deleted.
    DoesNotExist: There is no experiment with that id.
    """
    if name is None and experiment_id is None:
        return current_experiment_id()
    return _chosen(name, experiment_id).experiment_id


def _existing(experiment_id: str) -> str:
    try:
        return _with_id(experiment_id).experiment_id
    except RunyardException as problem:
        if problem.error_code != DoesNotExist.code:
            raise
        raise DoesNotExist(
            f"MLFLOW_EXPERIMENT_ID is {experiment_id!r}, and there is no experiment with that id. "
            "Correct or unset the variable."
        ) from None


def create_experiment(
    name: str,
    artifact_location: str | os.PathLike[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    trace_location: None = None,
) -> str:
    """Create an experiment; returns its id.

    Raises
    ------
    AlreadyExists: An experiment, possibly a deleted one, has the name.
    """
    return client().create_experiment(name, artifact_location, dict(tags or {}))


def get_experiment(experiment_id: str) -> Experiment:
    """The experiment with this id, deleted ones too.

    Raises
    ------
    DoesNotExist: There is none.
    """
    return client().get_experiment(str(experiment_id))


def get_experiment_by_name(name: str) -> Experiment | None:
    """The experiment of this name, deleted ones too; None if there is none."""
    return client().get_experiment_by_name(name)


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[Experiment]:
    """All experiments that match a filter, or the first `max_results` of them."""

    def page(size: int, token: str | None) -> PagedList[Experiment]:
        return client().search_experiments(view_type, size, filter_string, order_by, token)

    return list(all_pages(page, 1000, max_results))


def delete_experiment(experiment_id: str) -> None:
    """Mark an experiment as deleted, and its runs with it."""
    client().delete_experiment(str(experiment_id))


def restore_experiment(experiment_id: str) -> None:
    """Bring back a deleted experiment, with the runs that were deleted along with it."""
    client().restore_experiment(str(experiment_id))


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the experiment that new runs belong to."""
    client().set_experiment_tag(current_experiment_id(), key, value)


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Set tags of the experiment that new runs belong to."""
    for key, value in tags.items():
        set_experiment_tag(key, value)


def delete_experiment_tag(key: str) -> None:
    """Remove a tag from the experiment that new runs belong to."""
    client().delete_experiment_tag(current_experiment_id(), key)
