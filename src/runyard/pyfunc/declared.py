"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("python_function", "runyard.pyfunc", "mlflow.pyfunc.model", "")
