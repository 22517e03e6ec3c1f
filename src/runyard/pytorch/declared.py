"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor(
    "pytorch", "runyard.pytorch", "mlflow.pytorch", "torch", "torch", "pytorch_version", packages=("cloudpickle",)
)
