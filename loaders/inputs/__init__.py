"""Where files lie and in which format their events are."""
