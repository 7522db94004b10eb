"""Copies that outlive their originals."""
