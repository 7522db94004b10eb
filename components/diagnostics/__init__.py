"""Where the logs of an Azure resource go."""
