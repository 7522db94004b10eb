"""Timings of what a user waits for, on a cluster of the benchmark's own, kept as JSON beside their goals."""
