"""The cluster's second node, with GPUs that are simulated: nothing computes on them, and everything here says so.

``request`` holds what may be asked for, ``devices`` what that comes to, ``labels`` what the node says of itself,
``conditions`` how the devices are, ``parts`` what the node runs, ``custom_metrics`` how autoscalers come to know of it,
``node`` brings it up.
"""
