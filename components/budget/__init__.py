"""How much may be spent before somebody is told."""
