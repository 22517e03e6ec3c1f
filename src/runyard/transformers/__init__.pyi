from runyard.transformers.autologging import autolog as autolog
from runyard.transformers.flavor import FLAVOR_NAME as FLAVOR_NAME
from runyard.transformers.flavor import _load_pyfunc as _load_pyfunc
from runyard.transformers.flavor import get_default_conda_env as get_default_conda_env
from runyard.transformers.flavor import get_default_pip_requirements as get_default_pip_requirements
from runyard.transformers.flavor import is_gpu_available as is_gpu_available
from runyard.transformers.flavor import load_model as load_model
from runyard.transformers.flavor import log_model as log_model
from runyard.transformers.flavor import save_model as save_model
from runyard.transformers.references import persist_pretrained_model as persist_pretrained_model
from runyard.transformers.services import (
    infer_signature_from_llm_inference_task as infer_signature_from_llm_inference_task,
)
