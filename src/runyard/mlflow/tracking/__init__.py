"""The modules of ``mlflow.tracking`` that have a behaviour of their own."""
