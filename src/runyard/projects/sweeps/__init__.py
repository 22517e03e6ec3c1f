"""Sweeps: a project run once for each combination of values, nested under one run."""
