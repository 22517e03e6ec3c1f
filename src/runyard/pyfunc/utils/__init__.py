"""Modules that pickles of MLflow's models name."""
