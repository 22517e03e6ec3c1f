"""Serves one model over HTTP, in a process of its own: never inside the tracking server."""
