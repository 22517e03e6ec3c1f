"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor(
    "sentence_transformers",
    "runyard.sentence_transformers",
    "mlflow.sentence_transformers",
    "sentence-transformers",
    "sentence_transformers",
    "sentence_transformers_version",
    ("transformers", "torch"),
)
