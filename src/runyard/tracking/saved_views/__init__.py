"""Saved views: a table of runs as somebody arranged it, under a name."""
