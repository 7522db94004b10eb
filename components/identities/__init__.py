"""Who may do what in a cloud account: one identity for each actor of an environment."""
