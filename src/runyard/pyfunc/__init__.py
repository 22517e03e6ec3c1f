"""Models of any kind as functions of Python: one way to load and to call them."""

from runyard._lazy import on_first_use

_PUBLIC = {
    "CODE": "runyard.pyfunc.keys",
    "DATA": "runyard.pyfunc.keys",
    "ENV": "runyard.pyfunc.keys",
    "FLAVOR_NAME": "runyard.pyfunc.keys",
    "MAIN": "runyard.pyfunc.keys",
    "MLMODEL_FILE_NAME": "runyard.pyfunc.keys",
    "MODEL_CODE_PATH": "runyard.pyfunc.keys",
    "MODEL_CONFIG": "runyard.pyfunc.keys",
    "PYTHON_VERSION": "runyard.pyfunc.keys",
    "PY_VERSION": "runyard.pyfunc.keys",
    "PyFuncModel": "runyard.pyfunc.wrapper",
    "PythonModel": "runyard.pyfunc.model",
    "PythonModelContext": "runyard.pyfunc.context",
    "add_to_model": "runyard.pyfunc.saving",
    "get_default_conda_env": "runyard.pyfunc.saving",
    "get_default_pip_requirements": "runyard.pyfunc.saving",
    "get_model_dependencies": "runyard.pyfunc.dependencies",
    "load_model": "runyard.pyfunc.loading",
    "log_model": "runyard.pyfunc.saving",
    "save_model": "runyard.pyfunc.saving",
}

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost
if TYPE_CHECKING:
    from runyard.pyfunc.context import PythonModelContext as PythonModelContext
    from runyard.pyfunc.loading import load_model as load_model
    from runyard.pyfunc.model import PythonModel as PythonModel
    from runyard.pyfunc.saving import log_model as log_model
    from runyard.pyfunc.saving import save_model as save_model
    from runyard.pyfunc.wrapper import PyFuncModel as PyFuncModel

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
