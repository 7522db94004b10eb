"""Recovery: the second site, and how often something is done for it."""
