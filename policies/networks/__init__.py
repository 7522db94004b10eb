"""Networks as controls see them: ranges, openings, namespaces and the walls around them."""
