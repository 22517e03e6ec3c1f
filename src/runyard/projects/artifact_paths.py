"""Artifact paths of what a project's run records, besides its output."""

PROJECT = "project"
PATCH, PACKAGES = f"{PROJECT}/uncommitted.patch", f"{PROJECT}/requirements.txt"
