"""An address inside our own network for a service of the cloud."""
