"""Runs the policy agent; it must be started inside the cluster's network namespace."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from falaj.errors import FalajError
from falaj.localcluster.policy_agent.agent import Agent


def main() -> int:
    """Enforces NetworkPolicy until it is stopped; the rules in force outlive it."""
    parser = argparse.ArgumentParser(prog="python -m falaj.localcluster.policy_agent", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True, help="file; may appear later than the agent")
    parser.add_argument("--pod-cidr", type=IPv4Network, required=True, help="where its pods live: 10.244.0.0/25")
    parser.add_argument("--cluster-cidr", type=IPv4Network, help="where those of all nodes live; the same if absent")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(Agent(arguments.pod_cidr, arguments.cluster_cidr).run(arguments.kubeconfig))
    except FalajError as error:
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - the message is the whole story
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
