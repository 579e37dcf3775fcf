"""Where the developing happens."""
