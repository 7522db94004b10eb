"""The tree of verbs. Verbs are imported when used, so that ``falaj --help`` stays quick."""

from __future__ import annotations

from importlib import import_module

import click

VERBS = {
    "up": ("falaj.cli.stacks", "up", "Create or update a stack, its policies checked first."),
    "preview": ("falaj.cli.stacks", "preview", "Show what `up` would do; changes nothing."),
    "destroy": ("falaj.cli.stacks", "destroy", "Remove everything a stack made."),
    "stack": ("falaj.cli.stacks", "stack", "List stacks, show outputs, export state."),
    "cluster": ("falaj.cli.cluster", "cluster", "A real Kubernetes on this machine."),
    "images": ("falaj.cli.images", "images", "Build images, prove what they are, load them into a cluster."),
    "catalog": ("falaj.cli.catalog", "catalog", "Dated facts: regions, services, sizes, versions; check them."),
    "recipe": ("falaj.cli.recipe", "recipe", "Versions that work together, and upgrades between them."),
    "place": ("falaj.cli.place", "place", "Where models should run: CPU or GPU, how fast, for how much."),
    "mirror": ("falaj.cli.mirror", "mirror", "Copy every image a cluster pulls into its registry, by digest."),
    "graph": ("falaj.cli.graph", "graph", "Draw a stack's topology as SVG, from its plan."),
    "preflight": ("falaj.cli.preflight", "preflight", "Say what a stack needs before its first resource."),
    "policy": (
        "falaj.cli.policy",
        "policy",
        "What is asked of a plan, and what a plan, a state or a cluster answers.",
    ),
    "evidence": ("falaj.cli.evidence", "evidence", "Write down what policies said, signed; verify what was written."),
    "predict": ("falaj.cli.predict", "predict", "Send a request to an endpoint, show answer and latency."),
    "serve": ("falaj.cli.serve", "serve", "Serve a model as a plain process, without a cluster."),
    "models": ("falaj.cli.models", "models", "Make a model smaller or faster, within an accuracy you set."),
    "doctor": ("falaj.cli.doctor", "doctor", "Say what this machine lacks and how to mend it."),
}


class LazyGroup(click.Group):
    """A group whose verbs live in modules that are imported only when the verb runs or shows its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of the verbs, in the order a newcomer meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The verb of that name, or None where there is none."""
        if cmd_name not in VERBS:
            return None
        module, attribute, _ = VERBS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of verbs from the table, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in VERBS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="falaj", prog_name="falaj")
def falaj() -> None:
    """Model-serving platforms for UAE enterprises: real Kubernetes, policies checked before anything exists.

    Exit codes: 0 done, 1 a fault of ours, 2 wrong usage, 3 configuration to edit, 4 this machine lacks something,
    5 stopped by policy, 6 a resource failed, 7 state locked or damaged, 8 local cluster, 9 images, 10 endpoint,
    11 preflight, 12 a model lost more accuracy than allowed, 130 interrupted.
    """
