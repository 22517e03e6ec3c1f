"""What a run was started with: its command, the state of its code, its packages and its machine."""
