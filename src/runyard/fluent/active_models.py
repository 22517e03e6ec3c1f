"""The active model: metrics of this thread without a model are logged with it."""

import logging
from types import TracebackType

from runyard import settings
from runyard.client.active_model import active
from runyard.exceptions import InvalidParameter
from runyard.fluent.clients import client
from runyard.fluent.experiments import current_experiment_id
from runyard.fluent.logged_models import create_external_model
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.logged_models.messages import check_logged_model_name

log = logging.getLogger(__name__)


class ActiveModel(LoggedModel):
    """The model that was made active; use it in a `with` statement to go back to the one before.

    Parameters
    ----------
    logged_model: The model.
    set_by_user: Whether the program set it, not MLFLOW_ACTIVE_MODEL_ID.
    """

    def __init__(self, logged_model: LoggedModel, set_by_user: bool = True) -> None:
        super().__init__(**{name: getattr(logged_model, name) for name in self._fields})
        self.set_by_user = set_by_user
        self._before = active.model_id
        active.model_id = self.model_id

    def __enter__(self) -> "ActiveModel":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        active.model_id = self._before


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """Set the model that this thread's metrics are logged with. A `with` statement restores the one before.

    Parameters
    ----------
    name: The newest model of this name in the current experiment; made, as one kept elsewhere, if there is none.
    model_id: The model itself.

    Raises
    ------
    InvalidParameter: Neither was given.
    DoesNotExist: There is no model with this id.
    """
    if model_id is not None:
        return ActiveModel(client().get_logged_model(model_id))
    if name is None:
        raise InvalidParameter("set_active_model needs a model: give its name or its model_id.")
    return ActiveModel(_newest(name) or create_external_model(name))


def _newest(name: str) -> LoggedModel | None:
    check_logged_model_name(name)  # no quote can end the text in the filter
    found = client().search_logged_models([current_experiment_id()], f"name = '{name}'", max_results=2)
    if len(found) > 1:
        log.warning("There are several logged models named %r; the newest, %s, is active.", name, found[0].model_id)
    return found[0] if found else None


def get_active_model_id() -> str | None:
    """The id of this thread's active model; None if there is none."""
    return active.model_id


def clear_active_model() -> None:
    """Log metrics without a model again, in this thread and in threads that start later."""
    settings.ACTIVE_MODEL_ID.unset()
    active.model_id = None
