"""The one way out of a network, where there is one."""
