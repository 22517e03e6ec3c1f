"""Groups of runs that share params, tags, a dataset, a status or a user, with what their metrics come to."""
