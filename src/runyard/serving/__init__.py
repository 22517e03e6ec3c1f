"""Serves one model over HTTP in its own process, never inside the tracking server."""
