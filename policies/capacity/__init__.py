"""Machines, the pools they come in, and their GPUs."""
