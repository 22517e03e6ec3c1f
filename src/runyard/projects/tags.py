"""Tags of project runs: MLflow's, and what we note besides."""

from runyard.core.tags import DIRTY_TAG, PARENT_TAG, SOURCE_NAME_TAG, SOURCE_TYPE_TAG, USER_TAG

ENTRY_POINT = "mlflow.project.entryPoint"
BACKEND = "mlflow.project.backend"
ENVIRONMENT = "mlflow.project.env"
IMAGE = "mlflow.docker.image.uri"
IMAGE_ID = "mlflow.docker.image.id"
SOURCE_NAME = SOURCE_NAME_TAG
SOURCE_TYPE = SOURCE_TYPE_TAG
USER = USER_TAG
PARENT = PARENT_TAG
DIRTY = DIRTY_TAG

COMMAND = "runyard.project.command"
VERSION = "runyard.project.version"
PARAMETERS = "runyard.project.parameters"
"""Names of the params that were given to the project, as JSON: its program may log others."""
ROOT = "runyard.project.root"
"""The outermost run of a workflow, on every run that its steps made."""
EXIT_CODE = "runyard.project.exitCode"
FINGERPRINT = "runyard.project.fingerprint"
REUSED = "runyard.project.reused."
"""Before the id of an earlier run that stands for a step of this one."""
SWEEP = "runyard.sweep"
"""On the parent of a sweep: what was swept, as JSON."""
POINT = "runyard.sweep.point"
"""On a run of a sweep: the values that are its own, as JSON."""
