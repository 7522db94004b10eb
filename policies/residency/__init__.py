"""The proof that data stays where the law allows: every movement walked from end to end, each edge allowed or named."""
