"""Loads every slice, so that its messages and their performers are known."""

import importlib

MESSAGE_MODULES = (
    "runyard.tracking.experiments.messages",
    "runyard.tracking.runs.messages",
    "runyard.tracking.metrics.messages",
    "runyard.tracking.inputs.messages",
    "runyard.tracking.artifacts.messages",
    "runyard.tracking.logged_models.messages",
    "runyard.registry.registered_models.messages",
    "runyard.registry.model_versions.messages",
    "runyard.registry.promotion.messages",
)


def load_messages() -> None:
    """Import every module of messages: what a remote client and the routes need."""
    for name in MESSAGE_MODULES:
        importlib.import_module(name)


def load_all() -> None:
    """Import messages and the functions that perform them: what a gate needs."""
    load_messages()
    for name in MESSAGE_MODULES:
        importlib.import_module(name.removesuffix("messages") + "store")
