"""Removing for good: runs, logged models and experiments, by a server and by `runyard gc`."""
