"""Helpers that depend on nothing else: ids, the clock, names, limits. Standard library only."""
