"""Which flavor watches ``keras.Model.fit``, which the flavors of Keras and of TensorFlow share."""

import sys

from runyard.autologging.patches import patch, revert
from runyard.autologging.watchers import Watcher
from runyard.core.libraries import required

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
