"""Models as ONNX Runtime sessions: found in a repository, checked, warmed up and run. Knows no HTTP."""
