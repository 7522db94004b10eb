"""What stands before Triton in its image: models are checked and copied, then Triton takes this process over."""
