"""Which function of Keras is watched."""

from runyard.keras.autologging.trainings import watch_fit
from runyard.keras.autologging.watching import watch_trainings


def install(*, watched: bool) -> None:
    """Watch ``fit`` of models; or leave it to TensorFlow's part, or to Keras."""
    watch_trainings("keras", watch_fit if watched else None)
