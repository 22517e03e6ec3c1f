"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor(
    "transformers",
    "runyard.transformers",
    "mlflow.transformers",
    "transformers",
    "transformers",
    "transformers_version",
    ("torch",),
)
