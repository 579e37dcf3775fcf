"""The store: the only truth."""
