"""The model repository: what lies in the folder, whether it may be served, and what serves it."""
