"""How fast weft is, against references that run in the same minute on the same data."""
