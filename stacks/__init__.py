"""What `pulumi up` runs: an environment, or a tenant of one."""
