"""The demo: a server and real models trained on the data sets that scikit-learn ships, logged through our own SDK."""
