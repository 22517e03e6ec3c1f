from typing import TYPE_CHECKING

from runyard.pyfunc.context import PythonModelContext as PythonModelContext
from runyard.pyfunc.dependencies import get_model_dependencies as get_model_dependencies
from runyard.pyfunc.keys import CODE as CODE
from runyard.pyfunc.keys import DATA as DATA
from runyard.pyfunc.keys import ENV as ENV
from runyard.pyfunc.keys import FLAVOR_NAME as FLAVOR_NAME
from runyard.pyfunc.keys import MAIN as MAIN
from runyard.pyfunc.keys import MLMODEL_FILE_NAME as MLMODEL_FILE_NAME
from runyard.pyfunc.keys import MODEL_CODE_PATH as MODEL_CODE_PATH
from runyard.pyfunc.keys import MODEL_CONFIG as MODEL_CONFIG
from runyard.pyfunc.keys import PY_VERSION as PY_VERSION
from runyard.pyfunc.keys import PYTHON_VERSION as PYTHON_VERSION
from runyard.pyfunc.loading import load_model as load_model
from runyard.pyfunc.model import PythonModel as PythonModel
from runyard.pyfunc.saving import add_to_model as add_to_model
from runyard.pyfunc.saving import get_default_conda_env as get_default_conda_env
from runyard.pyfunc.saving import get_default_pip_requirements as get_default_pip_requirements
from runyard.pyfunc.saving import log_model as log_model
from runyard.pyfunc.saving import save_model as save_model
from runyard.pyfunc.wrapper import PyFuncModel as PyFuncModel

if TYPE_CHECKING:
    from runyard.scoring.spark_udf import spark_udf as spark_udf
