"""The base of the client's registry methods: messages go to the store of the model registry."""

from typing import TypeVar

from runyard.exceptions import EndpointNotFound, RunyardException
from runyard.protocol.answer import A, Answer
from runyard.protocol.client_part import ClientPart, Connection
from runyard.protocol.message import Message

B = TypeVar("B", bound=Answer)


class RegistryPart(ClientPart):
    """Base of the client's registry methods. The registry may be in another store than runs."""

    registry: Connection

    def register(self, message: Message[A]) -> A:
        """Send a message to the registry and return the answer."""
        return message.answered(self.registry.ask(message))

    def register_or(self, message: Message[A], plain: Message[B]) -> A | B:
        """Send one of our own messages; MLflow's servers, which do not know it, get MLflow's message instead."""
        try:
            return self.register(message)
        except RunyardException as problem:
            if problem.error_code != EndpointNotFound.code:
                raise
        return self.register(plain)
