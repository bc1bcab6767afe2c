"""Coordination: what runs when, and the gate. No data logic."""
