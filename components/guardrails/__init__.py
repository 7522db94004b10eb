"""What the cloud itself refuses, whoever asks."""
