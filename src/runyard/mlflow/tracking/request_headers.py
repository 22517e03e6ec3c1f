"""``mlflow.tracking.request_header``: headers that other libraries add to every request."""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterator, Mapping

from runyard.core import http


class RequestHeaderProvider(metaclass=ABCMeta):
    """Adds headers to every request to the server while it says that it applies.

    Register a subclass with ``_request_header_provider_registry.register``.
    """

    @abstractmethod
    def in_context(self) -> bool:
        """Whether it applies now."""

    @abstractmethod
    def request_headers(self) -> dict[str, str]:
        """The headers to add."""


class RequestHeaderProviderRegistry:
    """The providers, in the order they were registered."""

    def __init__(self) -> None:
        self._registry: list[RequestHeaderProvider] = []

    def register(self, request_header_provider_cls: type[RequestHeaderProvider]) -> None:
        """Ask a provider of this class from now on."""
        self._registry.append(request_header_provider_cls())

    def __iter__(self) -> Iterator[RequestHeaderProvider]:
        return iter(self._registry)

    def headers(self) -> dict[str, str]:
        """What the providers that apply now add. Where two name the same header, both values stand in it."""
        found: dict[str, str] = {}
        for provider in self._registry:
            if provider.in_context():
                _add(found, provider.request_headers())
        return found


def _add(headers: dict[str, str], more: Mapping[str, str]) -> None:
    for name, value in more.items():
        headers[name] = f"{headers[name]} {value}" if name in headers else value


_request_header_provider_registry = RequestHeaderProviderRegistry()
http.header_sources.append(_request_header_provider_registry.headers)


def resolve_request_headers(request_headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """All headers of a request made now; those given win."""
    return http.request_headers() | dict(request_headers or {})
