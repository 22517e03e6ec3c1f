from runyard.spacy.flavor import FLAVOR_NAME as FLAVOR_NAME
from runyard.spacy.flavor import _load_pyfunc as _load_pyfunc
from runyard.spacy.flavor import get_default_conda_env as get_default_conda_env
from runyard.spacy.flavor import get_default_pip_requirements as get_default_pip_requirements
from runyard.spacy.flavor import load_model as load_model
from runyard.spacy.flavor import log_model as log_model
from runyard.spacy.flavor import save_model as save_model
