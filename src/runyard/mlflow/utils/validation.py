"""``mlflow.utils.validation``: the limits that other libraries cut their values at, and the check of names.

The numbers are MLflow's, not ours (`runyard.core.limits`, which are wider): what a library logs here looks as it would
there.
"""

import posixpath
import re

from runyard.core import limits

MAX_PARAMS_TAGS_PER_BATCH = limits.MAX_BATCH_PARAMS
MAX_METRICS_PER_BATCH = limits.MAX_BATCH_METRICS
MAX_ENTITIES_PER_BATCH = limits.MAX_BATCH_ENTRIES
MAX_DATASETS_PER_BATCH = 1000
MAX_BATCH_LOG_REQUEST_SIZE = 1_000_000
MAX_PARAM_VAL_LENGTH = 6000
MAX_TAG_VAL_LENGTH = 8000
MAX_EXPERIMENT_NAME_LENGTH = limits.MAX_EXPERIMENT_NAME
MAX_EXPERIMENT_TAG_KEY_LENGTH = limits.MAX_KEY
MAX_EXPERIMENT_TAG_VAL_LENGTH = limits.MAX_EXPERIMENT_TAG_VALUE
MAX_EXPERIMENTS_LISTED_PER_PAGE = limits.MAX_SEARCH_RESULTS
MAX_ENTITY_KEY_LENGTH = limits.MAX_KEY
MAX_MODEL_REGISTRY_TAG_KEY_LENGTH = 250
MAX_MODEL_REGISTRY_TAG_VALUE_LENGTH = 100_000
MAX_REGISTERED_MODEL_ALIAS_LENGTH = 255
MAX_DATASET_NAME_SIZE = limits.MAX_DATASET_NAME
MAX_DATASET_DIGEST_SIZE = limits.MAX_DATASET_DIGEST
MAX_DATASET_SCHEMA_SIZE = limits.MAX_DATASET_SCHEMA
MAX_DATASET_SOURCE_SIZE = limits.MAX_DATASET_SOURCE
MAX_DATASET_PROFILE_SIZE = limits.MAX_DATASET_PROFILE
MAX_INPUT_TAG_KEY_SIZE = limits.MAX_INPUT_TAG_KEY
MAX_INPUT_TAG_VALUE_SIZE = limits.MAX_INPUT_TAG_VALUE

_NAME = re.compile(r"[/\w.\- :]*")


def validate_param_and_metric_name(name: str) -> re.Match[str] | None:
    """A match if the name holds only characters that keys may hold, else None."""
    return _NAME.fullmatch(name)


def path_not_unique(name: str) -> bool:
    """Whether the name, taken as a path, would mean another name."""
    return posixpath.normpath(name) != name or name == "." or name.startswith(("..", "/"))


def bad_character_message() -> str:
    """What names may hold."""
    return (
        "Names may hold letters, digits, underscores (_), dashes (-), periods (.), spaces ( ), colons (:) "
        "and slashes (/)."
    )


def bad_path_message(name: str) -> str:
    """Why a name that is not its own normal form is refused."""
    return f"Names may become file names; as a path this one means {posixpath.normpath(name)!r}."
