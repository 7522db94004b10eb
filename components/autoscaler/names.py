"""Names of the cluster autoscaler in the cluster, and its ends of data flows."""

from __future__ import annotations

AUTOSCALER_NAMESPACE = "falaj-autoscaler"
"""Where it runs, keeps its state and reads the order of pools with GPUs."""
AUTOSCALER_WORKLOAD = "cluster-autoscaler"
"""Its workload, its account, and the Lease by which one of its pods leads: the program's own name for it."""
AUTOSCALER_END = f"{AUTOSCALER_NAMESPACE}/{AUTOSCALER_WORKLOAD}"
"""Its pods as an end of data flows."""
STATUS = "cluster-autoscaler-status"
"""The ConfigMap in which it says how every pool is; the program's own name for it."""
POD_IDENTITY_END = "node/pod-identity"
"""The agent on its node that hands it the credentials of its role."""
SERVICES = ("aws/autoscaling", "aws/ec2", "aws/eks")
"""What it calls of AWS, in the environment's own region."""
HEALTH_PORT = 8085
"""Where it answers probes."""
