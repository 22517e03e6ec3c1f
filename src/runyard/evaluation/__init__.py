"""Evaluation of models: their metrics, plots and explanations, logged to a run and checked against thresholds."""
