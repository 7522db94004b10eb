"""Enforces Kubernetes NetworkPolicy with nftables on a node of a local cluster, for the pods that are its own.

``policy`` and ``snapshot`` hold what the cluster says, ``compiler`` turns it into the plain data of ``rules``,
``nftables`` writes that down for the kernel, ``agent`` keeps it current. Traffic of a pod address that the agent does
not know is dropped in both directions.
"""
