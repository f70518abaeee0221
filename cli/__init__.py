"""The `weft` command: one thin module per command, and how its results look."""
