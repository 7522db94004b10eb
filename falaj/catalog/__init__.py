"""Dated, sourced facts as data, with typed loaders."""
