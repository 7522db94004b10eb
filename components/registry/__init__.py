"""Where the images of a cluster come from."""
