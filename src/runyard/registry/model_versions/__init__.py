"""Model versions: numbered entries under a registered model, with stages."""
