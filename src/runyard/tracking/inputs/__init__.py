"""What runs used: datasets and models."""
