"""What every HTTP server of ours shares: who may ask, how much and how slowly, and how its processes start and end."""
