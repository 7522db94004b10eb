"""What makes the pools of an EKS cluster grow and shrink: Kubernetes' cluster autoscaler and the role it acts by."""
