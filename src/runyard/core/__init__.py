"""Pure helpers with nothing above them: ids, the clock, names, limits. Standard library only."""
