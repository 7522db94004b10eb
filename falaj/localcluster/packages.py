"""What the local cluster takes from Debian: one table, read by doctor and by the installation script."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

CNI_PLUGINS = Path("/usr/lib/cni")
PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class DebianPackage:
    """A Debian package and a file that shows it is there: a program on the path, or a path."""

    name: str
    """The package, as apt knows it."""

    provides: str
    """A program of it, or the absolute path of one of its files."""

    purpose: str
    """What the local cluster does with it."""

    def is_installed(self) -> bool:
        """Whether what it provides is on this machine, whoever installed it."""
        if self.provides.startswith("/"):
            return Path(self.provides).exists()
        return shutil.which(self.provides, path=PROGRAM_PATH) is not None


DEBIAN_PACKAGES = (
    DebianPackage("etcd-server", "etcd", "the cluster's database"),
    DebianPackage("runc", "runc", "starts containers"),
    DebianPackage("containernetworking-plugins", str(CNI_PLUGINS / "ptp"), "gives each pod its own routed link"),
    DebianPackage("nftables", "nft", "enforces network policies inside the cluster's network namespace"),
    DebianPackage("iptables", "iptables", "Services, inside the cluster's network namespace"),
    DebianPackage("conntrack", "conntrack", "forgets stale connections to Services"),
    DebianPackage("iproute2", "ip", "makes the cluster's network namespace and its link to this machine"),
    DebianPackage("util-linux", "nsenter", "enters the cluster's namespaces"),
    DebianPackage("mount", "mount", "gives the cluster its own view of the directories that Kubernetes fixes"),
    DebianPackage("procps", "sysctl", "turns on forwarding inside the cluster's network namespace"),
    DebianPackage("buildah", "buildah", "builds images without a daemon"),
    DebianPackage("mmdebstrap", "mmdebstrap", "builds the Debian base image"),
    DebianPackage(
        "debian-archive-keyring",
        "/usr/share/keyrings/debian-archive-keyring.gpg",
        "lets a machine that is not Debian check Debian's packages",
    ),
    DebianPackage("ca-certificates", "/etc/ssl/certs/ca-certificates.crt", "lets Go fetch its modules"),
)


CLOUD_PACKAGES = (
    DebianPackage("skopeo", "skopeo", "copies images into the registry of a cloud environment"),
    DebianPackage("docker-registry", "docker-registry", "a real registry for the tests of `falaj mirror`"),
    DebianPackage("chromium", "chromium", "a real browser for the tests of pages"),
)
"""What work on cloud stacks and the tests take from Debian; a local cluster needs none of it."""


def missing_packages(wanted: tuple[DebianPackage, ...] = DEBIAN_PACKAGES) -> tuple[DebianPackage, ...]:
    """The packages of a table that are not on this machine."""
    return tuple(package for package in wanted if not package.is_installed())


def install_command(packages: tuple[DebianPackage, ...]) -> str:
    """The command that installs these packages."""
    return "apt-get install --no-install-recommends " + " ".join(package.name for package in packages)


if __name__ == "__main__":
    tables = DEBIAN_PACKAGES + (CLOUD_PACKAGES if sys.argv[1:] == ["clouds"] else ())
    print(" ".join(package.name for package in missing_packages(tables)))  # noqa: T201 - its answer is for a shell script
