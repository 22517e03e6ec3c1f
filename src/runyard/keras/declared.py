"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("keras", "runyard.keras", "mlflow.keras", "keras", "keras", "keras_version")
