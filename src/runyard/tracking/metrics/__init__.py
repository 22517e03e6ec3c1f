"""Metrics: points logged over time, and their latest values."""
