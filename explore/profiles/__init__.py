"""One profile: who is meant, what is known, and how its identifiers came together."""
