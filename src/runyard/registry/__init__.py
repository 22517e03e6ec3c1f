"""The model registry: names, their versions, and which version is in use where."""
