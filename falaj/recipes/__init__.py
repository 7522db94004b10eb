"""Versions that work together: whether those of a cluster do, and the steps from one recipe to another."""
