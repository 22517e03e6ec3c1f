"""The base of what adds headers to requests."""

from abc import ABCMeta, abstractmethod


class RequestHeaderProvider(metaclass=ABCMeta):
    """Adds headers to every request to the server while it says that it applies.

    Register a subclass with ``_request_header_provider_registry.register`` of the module ``registry`` beside this one.
    """

    @abstractmethod
    def in_context(self) -> bool:
        """Does it apply now?"""

    @abstractmethod
    def request_headers(self) -> dict[str, str]:
        """The headers to add."""
