"""The runtimes behind the router: where they are, whether they are ready, what waits there."""
