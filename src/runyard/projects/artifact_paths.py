"""Artifact paths of what a project's run records."""

LOGS = "logs"
PROJECT = "project"
PATCH, PACKAGES = f"{PROJECT}/uncommitted.patch", f"{PROJECT}/requirements.txt"
