"""Model servers: one endpoint, one model, answered over the Open Inference Protocol."""
