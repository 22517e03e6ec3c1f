"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("tensorflow", "runyard.tensorflow", "mlflow.tensorflow", "tensorflow", "tensorflow", "keras_version")
