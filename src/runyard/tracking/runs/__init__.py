"""Runs, their params and tags."""
