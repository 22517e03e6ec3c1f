"""Keys of the pyfunc flavor in MLmodel files, under the names MLflow gives them."""

import platform

from runyard.models.mlmodel import MLMODEL as MLMODEL_FILE_NAME
from runyard.models.mlmodel import PYFUNC as FLAVOR_NAME

MAIN = "loader_module"
CODE = "code"
DATA = "data"
ENV = "env"
MODEL_CONFIG = "config"
MODEL_CODE_PATH = "model_code_path"
PY_VERSION = "python_version"
PYTHON_VERSION = platform.python_version()

__all__ = [
    "CODE",
    "DATA",
    "ENV",
    "FLAVOR_NAME",
    "MAIN",
    "MLMODEL_FILE_NAME",
    "MODEL_CODE_PATH",
    "MODEL_CONFIG",
    "PYTHON_VERSION",
    "PY_VERSION",
]
