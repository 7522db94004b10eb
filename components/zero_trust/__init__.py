"""Walls between workloads: nothing moves that no data flow declares."""
