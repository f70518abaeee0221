"""The whole path on the sample shop: two days of events, told as they happen."""
