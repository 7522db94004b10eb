"""The machines of a cluster, in pools of one kind each."""
