"""Real parts for tests: servers, databases, builders of messages."""
