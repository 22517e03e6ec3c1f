"""The command ``python -m runyard.alias``, and ``runyard.alias.install()``. What they do is in `runyard.mlflow`."""

from runyard.mlflow.alias import install as install
from runyard.mlflow.alias import is_installed as is_installed
from runyard.mlflow.alias import uninstall as uninstall
