"""Where projects can be run; others add theirs under the entry point ``runyard.project_backend``, or MLflow's name."""

from runyard.projects.backend.abstract_backend import AbstractBackend as AbstractBackend
