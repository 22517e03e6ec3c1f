"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("spacy", "runyard.spacy", "mlflow.spacy", "spacy", "spacy", "spacy_version")
