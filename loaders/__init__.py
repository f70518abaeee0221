"""Events in: files become landed tables."""
