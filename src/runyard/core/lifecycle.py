"""Active or deleted, and which of the two a caller wants to see."""

from runyard.exceptions import InvalidParameter


class LifecycleStage:
    """Stages of experiments and runs."""

    ACTIVE = "active"
    DELETED = "deleted"
    _VALID_STAGES = frozenset({ACTIVE, DELETED})

    @classmethod
    def is_valid(cls, lifecycle_stage: str) -> bool:
        """Is this the name of a stage?"""
        return lifecycle_stage in cls._VALID_STAGES

    @classmethod
    def view_type_to_stages(cls, view_type: int = 3) -> list[str]:
        """The stages that a view shows."""
        ViewType.to_string(view_type)
        return [
            *([cls.ACTIVE] if view_type != ViewType.DELETED_ONLY else []),
            *([cls.DELETED] if view_type != ViewType.ACTIVE_ONLY else []),
        ]

    @classmethod
    def matches_view_type(cls, view_type: int, lifecycle_stage: str) -> bool:
        """Does the view show things of this stage?

        Raises
        ------
        InvalidParameter: There is no such stage.
        """
        if not cls.is_valid(lifecycle_stage):
            raise InvalidParameter(f"Invalid lifecycle stage {lifecycle_stage!r}: use 'active' or 'deleted'.")
        return lifecycle_stage in cls.view_type_to_stages(view_type)


class ViewType:
    """Which stages a search shows, as the numbers that MLflow's functions take."""

    ACTIVE_ONLY, DELETED_ONLY, ALL = 1, 2, 3
    _VIEW_TO_STRING = {1: "active_only", 2: "deleted_only", 3: "all"}  # noqa: RUF012  (mirrors MLflow's class)
    _STRING_TO_VIEW = {text: number for number, text in _VIEW_TO_STRING.items()}  # noqa: RUF012

    @classmethod
    def from_string(cls, view_str: str) -> int:
        """The number of ``active_only``, ``deleted_only`` or ``all``.

        Raises
        ------
        InvalidParameter: It is none of them.
        """
        if view_str not in cls._STRING_TO_VIEW:
            raise InvalidParameter(f"Invalid view type {view_str!r}: use one of {list(cls._STRING_TO_VIEW)}.")
        return cls._STRING_TO_VIEW[view_str]

    @classmethod
    def to_string(cls, view_type: int) -> str:
        """The name of a number.

        Raises
        ------
        InvalidParameter: There is no such number.
        """
        if view_type not in cls._VIEW_TO_STRING:
            raise InvalidParameter(f"Invalid view type {view_type!r}: use one of {list(cls._VIEW_TO_STRING)}.")
        return cls._VIEW_TO_STRING[view_type]

    @classmethod
    def to_wire(cls, view_type: int) -> str:
        """The name on the wire, such as ``ACTIVE_ONLY``."""
        return cls.to_string(view_type).upper()
