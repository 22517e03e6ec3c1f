"""The environment that a model needs."""
