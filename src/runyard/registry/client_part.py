"""What the registry's parts of the client speak through: the store where models are registered."""

from typing import TypeVar

from runyard.exceptions import EndpointNotFound, RunyardException
from runyard.protocol.answer import A, Answer
from runyard.protocol.client_part import ClientPart, Connection
from runyard.protocol.message import Message

B = TypeVar("B", bound=Answer)


class RegistryPart(ClientPart):
    """Base of the client's parts on the registry, which may be another store than that of runs."""

    registry: Connection

    def register(self, message: Message[A]) -> A:
        """Send a message to the registry and return the answer."""
        return message.answered(self.registry.ask(message))

    def register_or(self, message: Message[A], plain: Message[B]) -> A | B:
        """Send a message of our own; a server of MLflow's, which does not know it, gets the plain one and says less."""
        try:
            return self.register(message)
        except RunyardException as problem:
            if problem.error_code != EndpointNotFound.code:
                raise
        return self.register(plain)
