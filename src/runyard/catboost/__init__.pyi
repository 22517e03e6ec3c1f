from runyard.catboost.autologging import autolog as autolog
from runyard.catboost.flavor import FLAVOR_NAME as FLAVOR_NAME
from runyard.catboost.flavor import _load_pyfunc as _load_pyfunc
from runyard.catboost.flavor import get_default_conda_env as get_default_conda_env
from runyard.catboost.flavor import get_default_pip_requirements as get_default_pip_requirements
from runyard.catboost.flavor import load_model as load_model
from runyard.catboost.flavor import log_model as log_model
from runyard.catboost.flavor import save_model as save_model
