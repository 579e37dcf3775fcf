"""The sample shoot: photos that Junmai makes itself, for `junmai demo` and for tests."""
