"""What must be installed to use a model."""
