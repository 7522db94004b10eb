"""Images that serve models, and the contract that each of them keeps."""
