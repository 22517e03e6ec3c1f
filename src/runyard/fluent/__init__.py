"""The functions of the module: each finds the run it is about and hands the rest to the client."""
