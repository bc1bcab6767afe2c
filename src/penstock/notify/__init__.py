"""Telling operations, producers and stewards."""
