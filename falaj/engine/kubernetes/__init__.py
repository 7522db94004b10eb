"""The Kubernetes provider of the embedded engine, served over Pulumi's own ResourceProvider protocol.

It runs programs written with ``pulumi_kubernetes`` and leaves state that Pulumi's own provider takes over. It knows no
YAML components, unfolded Helm charts or Patch resources, installs no Helm release, and says so.
"""
