"""Tracking plans: what events should look like, and what happens when they do not."""
