"""The Open Inference Protocol v2 as tests that any server can be pointed at."""
