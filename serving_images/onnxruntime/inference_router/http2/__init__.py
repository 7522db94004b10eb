"""HTTP/2 as gRPC uses it, for both ends of a call: frames, flow control, header compression, and bounds on them all.

Source: https://www.rfc-editor.org/rfc/rfc9113
"""
