"""HTTP/2 as gRPC uses it, for both ends of a call: frames, flow control, bounds. Headers are compressed by jh2's Rust.

Source: https://www.rfc-editor.org/rfc/rfc9113
"""
