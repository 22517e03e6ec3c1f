"""Keys under which a backend finds the further arguments of a run in its configuration; the names are MLflow's."""

PROJECT_BUILD_IMAGE = "build_image"
PROJECT_DOCKER_ARGS = "DOCKER_ARGS"
PROJECT_DOCKER_AUTH = "docker_auth"
PROJECT_ENV_MANAGER = "ENV_MANAGER"
PROJECT_STORAGE_DIR = "STORAGE_DIR"
PROJECT_SYNCHRONOUS = "SYNCHRONOUS"
MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG = "_mlflow_local_backend_run_id"
