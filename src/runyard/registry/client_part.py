"""What the registry's parts of the client speak through: the store where models are registered."""

from typing import Any

from runyard.exceptions import EndpointNotFound, RunyardException
from runyard.protocol.client_part import ClientPart, Connection
from runyard.protocol.message import Message


class RegistryPart(ClientPart):
    """Base of the client's parts on the registry, which may be another store than that of runs."""

    registry: Connection

    def register(self, message: Message) -> dict[str, Any]:
        """Send a message to the registry and return the answer, as the protocol's JSON object."""
        return self.registry.ask(message)

    def register_or(self, message: Message, plain: Message) -> dict[str, Any]:
        """Send a message of our own; a server of MLflow's, which does not know it, gets the plain one and says less."""
        try:
            return self.register(message)
        except RunyardException as problem:
            if problem.error_code != EndpointNotFound.code:
                raise
        return self.register(plain)
