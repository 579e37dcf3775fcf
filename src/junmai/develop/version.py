"""The engine's version, raised by hand whenever the same settings give other pixels."""

ENGINE_VERSION = 4
