"""The tracking server: one process that speaks MLflow's protocol and shows the pages."""
