"""The protocol: how messages and answers are declared, decoded and encoded."""
