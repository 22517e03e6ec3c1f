"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("xgboost", "runyard.xgboost", "mlflow.xgboost", "xgboost", "xgboost", "xgb_version")
