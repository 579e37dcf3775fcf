"""Junmai develops photos in batches that survive anything."""

__version__ = "0.1.0"
