"""The demo: a server, and an MLflow project with real models, swept on the data sets that scikit-learn ships."""
