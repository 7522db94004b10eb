"""Definitions of the Gateway API and of cert-manager, vendored as data; README.md says from where."""
