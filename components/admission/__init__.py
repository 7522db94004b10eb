"""The controls at the door of the cluster: what bypasses the program is refused there too."""
