"""The modules of ``mlflow.tracking``; the package itself is `runyard.tracking`."""
