"""Evidence as a page that a steward can read."""
