"""Batches from their creation to their report."""
