"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("lightgbm", "runyard.lightgbm", "mlflow.lightgbm", "lightgbm", "lightgbm", "lgb_version")
