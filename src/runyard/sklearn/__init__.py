"""scikit-learn: saving, logging and loading its models, and automatic logging of trainings."""

from runyard._lazy import on_first_use

FLAVOR_NAME = "sklearn"

_PUBLIC = {
    "SERIALIZATION_FORMAT_CLOUDPICKLE": "runyard.sklearn.flavor:CLOUDPICKLE",
    "SERIALIZATION_FORMAT_PICKLE": "runyard.sklearn.flavor:PICKLE",
    "SERIALIZATION_FORMAT_SKOPS": "runyard.sklearn.flavor:SKOPS",
    "SUPPORTED_SERIALIZATION_FORMATS": "runyard.sklearn.flavor:SERIALIZATION_FORMATS",
    "_load_pyfunc": "runyard.sklearn.flavor:load_pyfunc",
    "autolog": "runyard.sklearn.autologging",
    "get_default_conda_env": "runyard.sklearn.flavor",
    "get_default_pip_requirements": "runyard.sklearn.flavor",
    "load_model": "runyard.sklearn.flavor",
    "log_model": "runyard.sklearn.flavor",
    "save_model": "runyard.sklearn.flavor",
}

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost
if TYPE_CHECKING:
    from runyard.sklearn.autologging import autolog as autolog
    from runyard.sklearn.flavor import load_model as load_model
    from runyard.sklearn.flavor import log_model as log_model
    from runyard.sklearn.flavor import save_model as save_model

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = ["FLAVOR_NAME", *_PUBLIC]
