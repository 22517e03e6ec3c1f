"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("sklearn", "runyard.sklearn", "mlflow.sklearn", "scikit-learn", "sklearn", "sklearn_version")
