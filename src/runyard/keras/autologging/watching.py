"""What the flavors of Keras and of TensorFlow share: who watches ``fit``, and how often metrics are logged."""

import sys
from typing import Any

from runyard.autologging.patches import patch, revert
from runyard.autologging.watchers import Watcher
from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter

_watchers: dict[str, Watcher] = {}
"""Of both, in the order in which they were enabled: the last one watches, so that nothing is logged twice."""


def watch_trainings(integration: str, watcher: Watcher | None) -> None:
    """Let an integration watch trainings from now on, or no longer.

    Parameters
    ----------
    watcher: None for no longer. The other one watches again then, if it is enabled.
    """
    for name in _watchers:
        revert(name)
    _watchers.pop(integration, None)
    if watcher is not None:
        _watchers[integration] = watcher
    for name in list(_watchers)[-1:]:
        patch(name, required("keras", f"{integration}.autolog()").Model, "fit", _watchers[name])


def is_being_imported() -> bool:
    """Whether Keras is only half imported: it imports TensorFlow first, and its own integration follows."""
    return bool(getattr(getattr(sys.modules.get("keras"), "__spec__", None), "_initializing", False))


def check_frequency(every_n_steps: Any, *, log_every_epoch: bool) -> None:
    """Check how often metrics are to be logged.

    Raises
    ------
    InvalidParameter: Never, or not after a number of batches.
    """
    if every_n_steps is None and not log_every_epoch:
        raise InvalidParameter("Say when to log metrics: log_every_epoch=True, or log_every_n_steps.")
    is_number = isinstance(every_n_steps, int) and not isinstance(every_n_steps, bool) and every_n_steps > 0
    if every_n_steps is not None and not is_number:
        raise InvalidParameter(f"log_every_n_steps is a number of batches, from 1, not {every_n_steps!r}.")
