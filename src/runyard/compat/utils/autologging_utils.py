"""``mlflow.utils.autologging_utils``: what other libraries take from it."""

from runyard._lazy import on_first_use

_PUBLIC = {
    "AUTOLOGGING_INTEGRATIONS": "runyard.autologging.integrations",
    "autologging_is_disabled": "runyard.autologging.integrations",
    "disable_autologging": "runyard.autologging.integrations",
    "disable_discrete_autologging": "runyard.autologging.integrations",
    "get_autologging_config": "runyard.autologging.integrations",
    "revert_patches": "runyard.autologging.patches:revert",
}

TYPE_CHECKING = False  # type checkers take the name for true
if TYPE_CHECKING:
    from runyard.autologging.integrations import AUTOLOGGING_INTEGRATIONS as AUTOLOGGING_INTEGRATIONS
    from runyard.autologging.integrations import autologging_is_disabled as autologging_is_disabled
    from runyard.autologging.integrations import disable_autologging as disable_autologging
    from runyard.autologging.integrations import disable_discrete_autologging as disable_discrete_autologging
    from runyard.autologging.integrations import get_autologging_config as get_autologging_config
    from runyard.autologging.patches import revert as revert_patches  # noqa: F401

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
