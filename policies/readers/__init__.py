"""What the same controls judge when no engine asks: a state, a preview's JSON, rendered manifests, a live cluster."""
