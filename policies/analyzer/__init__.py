"""The pack as Pulumi's engine speaks to it: its Analyzer protocol, decoded once."""
