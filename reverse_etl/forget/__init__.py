"""Forgetting a person: at every destination, in every table, and for the time to come."""
