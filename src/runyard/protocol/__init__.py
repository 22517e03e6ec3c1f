"""What is said on the wire, and the one gate every operation passes through."""
