"""Which logged model is active in a thread: metrics that name no model are logged with it. Standard library only."""

import threading

from runyard import settings


class _Active(threading.local):
    """What each thread sees. It starts with the model in MLFLOW_ACTIVE_MODEL_ID.

    Attributes
    ----------
    model_id: The active model; None when there is none.
    last_model_id: The model this thread made last.
    """

    def __init__(self) -> None:
        self.model_id: str | None = settings.ACTIVE_MODEL_ID.get() or None
        self.last_model_id: str | None = None


active = _Active()
