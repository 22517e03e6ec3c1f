"""Looking for a text in everything that the store has, for the box on every page."""
