"""Listing the artifacts of a run."""
