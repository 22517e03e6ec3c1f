"""Where artifacts can be kept: a module for each kind of scheme. Its presence registers the class in it."""
