"""Where a model should run: CPU or GPU, on which machine, how often, how fast and for how much."""
