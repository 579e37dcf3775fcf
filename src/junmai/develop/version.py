"""The engine's version, raised by hand whenever the same settings give other pixels."""

ENGINE_VERSION = 3
SOFTWARE = "Junmai"
"""What outputs name as their software, without a version: the same batch must give the same bytes. An import leaves out
what names it."""
