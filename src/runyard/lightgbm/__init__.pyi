from runyard.lightgbm.autologging import autolog as autolog
from runyard.lightgbm.flavor import FLAVOR_NAME as FLAVOR_NAME
from runyard.lightgbm.flavor import _load_pyfunc as _load_pyfunc
from runyard.lightgbm.flavor import get_default_conda_env as get_default_conda_env
from runyard.lightgbm.flavor import get_default_pip_requirements as get_default_pip_requirements
from runyard.lightgbm.flavor import load_model as load_model
from runyard.lightgbm.flavor import log_model as log_model
from runyard.lightgbm.flavor import save_model as save_model
