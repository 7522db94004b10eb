"""The strict stand-in for cloud providers: previews and tests without an account, a credential or a network.

It knows each resource type from the installed Pulumi SDK, refuses what the real provider would refuse, and leaves what
only the server can know unknown in a preview. It makes nothing.
"""
