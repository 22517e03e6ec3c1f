"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("catboost", "runyard.catboost", "mlflow.catboost", "catboost", "catboost", "catboost_version")
