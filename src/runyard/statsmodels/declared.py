"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor(
    "statsmodels", "runyard.statsmodels", "mlflow.statsmodels", "statsmodels", "statsmodels", "statsmodels_version"
)
