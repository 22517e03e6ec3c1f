"""Backends of projects; packages can add more under the entry point ``runyard.project_backend``, or MLflow's."""

from runyard.projects.backend.abstract_backend import AbstractBackend as AbstractBackend
