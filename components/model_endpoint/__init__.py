"""Model endpoints with runtimes on CPU and on GPU, and a router before both."""
