"""Artifact schemes: a module for each kind of store. Its presence registers its class."""
