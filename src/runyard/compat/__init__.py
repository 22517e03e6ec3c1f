"""MLflow's module paths that Runyard's own layout does not have, such as ``mlflow.utils.validation``. All thin."""
