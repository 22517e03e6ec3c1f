"""What is asked and answered on the wire: how messages are declared, decoded and encoded."""
