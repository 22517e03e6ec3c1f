"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("prophet", "runyard.prophet", "mlflow.prophet", "prophet", "prophet", "prophet_version")
