"""Where things lie: regions, places, copies and whoever is told them by name."""
