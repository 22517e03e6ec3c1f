"""Which function of TensorFlow's Keras is watched."""

from runyard.keras.autologging.watching import is_being_imported, watch_trainings


def install(*, watched: bool) -> None:
    """Watch ``fit`` of models; or leave it to Keras's part, or to Keras."""
    if is_being_imported():
        return
    from runyard.tensorflow.autologging.trainings import watch_fit  # noqa: PLC0415  (its callbacks are Keras's classes)

    watch_trainings("tensorflow", watch_fit if watched else None)
