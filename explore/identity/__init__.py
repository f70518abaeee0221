"""Who is who, as a whole: whether it is sound, and what other rules would make of it."""
