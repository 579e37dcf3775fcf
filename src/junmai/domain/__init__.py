"""Pure facts and rules: no files, no clock, no database."""
