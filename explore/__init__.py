"""Read-only looks at what is in the warehouse."""
