"""``mlflow.utils.name_utils``: random names."""

from runyard.core.names import random_run_name


def _generate_random_name(sep: str = "-", integer_scale: int = 3, max_length: int = 20) -> str:
    """A name such as ``steady-otter-412``.

    Parameters
    ----------
    sep: What stands between its parts.
    integer_scale: Digits of the number, at most.
    max_length: Characters, at most.
    """
    name = random_run_name()
    words, _, number = name.rpartition("-")
    return sep.join([*words.split("-"), number[-integer_scale:]])[:max_length]
