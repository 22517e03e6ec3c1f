"""Changes of many runs that can be taken back: other names, another experiment."""
