from runyard.onnx.flavor import FLAVOR_NAME as FLAVOR_NAME
from runyard.onnx.flavor import _load_pyfunc as _load_pyfunc
from runyard.onnx.flavor import get_default_conda_env as get_default_conda_env
from runyard.onnx.flavor import get_default_pip_requirements as get_default_pip_requirements
from runyard.onnx.flavor import load_model as load_model
from runyard.onnx.flavor import log_model as log_model
from runyard.onnx.flavor import save_model as save_model
from runyard.onnx.sessions import ONNX_EXECUTION_PROVIDERS as ONNX_EXECUTION_PROVIDERS
