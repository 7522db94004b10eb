"""What runs containers: its pods, programs, images, charts and identities."""
