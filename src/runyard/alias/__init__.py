"""The command ``python -m runyard.alias``, ``runyard.alias.install()``, and ``%load_ext runyard.alias`` in notebooks.

What they do is in `runyard.mlflow.alias`.
"""

from runyard.mlflow.alias import is_installed as is_installed
from runyard.mlflow.alias.running import install as install
from runyard.mlflow.alias.running import load_ipython_extension as load_ipython_extension
from runyard.mlflow.alias.running import uninstall as uninstall
from runyard.mlflow.alias.running import unload_ipython_extension as unload_ipython_extension
