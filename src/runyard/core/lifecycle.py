"""Lifecycle stages, and the view types of searches."""

from runyard.core.enumeration import Enumeration
from runyard.exceptions import InvalidParameter


class LifecycleStage:
    """Stages of experiments and runs."""

    ACTIVE = "active"
    DELETED = "deleted"
    _VALID_STAGES = frozenset({ACTIVE, DELETED})

    @classmethod
    def is_valid(cls, lifecycle_stage: str) -> bool:
        """Whether this is the name of a stage."""
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
        """Whether the view shows this stage.

        Raises
        ------
        InvalidParameter: There is no such stage.
        """
        if not cls.is_valid(lifecycle_stage):
            raise InvalidParameter(f"Invalid lifecycle stage {lifecycle_stage!r}: use 'active' or 'deleted'.")
        return lifecycle_stage in cls.view_type_to_stages(view_type)


class ViewType(Enumeration):
    """Which stages a search shows, as the numbers that MLflow's functions take."""

    ACTIVE_ONLY, DELETED_ONLY, ALL = 1, 2, 3
    _what = "view type"
    _names = {1: "active_only", 2: "deleted_only", 3: "all"}  # noqa: RUF012  (typed in the base)

    @classmethod
    def from_proto(cls, proto_view_type: int) -> int:
        """The view of a number in MLflow's protocol, which is the same."""
        return cls.from_string(cls.to_string(proto_view_type))

    @classmethod
    def to_proto(cls, view_type: int) -> int:
        """The number of a view in MLflow's protocol, which is the same."""
        return cls.from_proto(view_type)

    @classmethod
    def to_wire(cls, view_type: int) -> str:
        """The name on the wire, such as ``ACTIVE_ONLY``."""
        return cls.to_string(view_type).upper()
