"""Where the artifacts of a project's run have what is kept of the project and of its output."""

LOGS = "logs"
PROJECT = "project"
PATCH, PACKAGES = f"{PROJECT}/uncommitted.patch", f"{PROJECT}/requirements.txt"
