"""Machines with GPUs: what may be asked of them, what is refused and why, and what runs on them."""
