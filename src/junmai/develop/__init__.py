"""The develop engine: one photo and a recipe in, the bytes of a finished picture out. It knows no batches."""
