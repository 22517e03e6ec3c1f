"""The ``runyard`` command: a file a command group, loaded when it is asked for."""
