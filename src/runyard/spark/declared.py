"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("spark", "runyard.spark", "mlflow.spark", "pyspark", "pyspark", "pyspark_version")
