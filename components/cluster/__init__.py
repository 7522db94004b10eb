"""The cluster everything else stands on."""
