"""The account a cloud environment lies in."""
