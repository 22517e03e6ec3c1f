"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("shap", "runyard.shap", "mlflow.shap", "shap", "shap", "shap_version")
