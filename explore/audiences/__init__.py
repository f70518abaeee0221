"""Looks at audiences: what they are, who would be in them, how they differ and how they grew."""
