"""`runyard run`: a project from a folder or a git repository, once or as a sweep."""
