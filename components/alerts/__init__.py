"""Alarms of what should not happen, and whom they call."""
