"""Environments with packages of their own, for models and projects."""

MANAGERS = ("local", "uv", "virtualenv", "conda")
"""Ways to give code its environment; `local` is the one that runs now."""
