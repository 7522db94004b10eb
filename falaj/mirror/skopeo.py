"""The two things skopeo does for us: read a manifest, copy an image. And what its failures mean."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from falaj.errors import FalajError, ImageError, MachineError
from falaj.mirror.image import ARCHIVE, REGISTRY

PROGRAM_PATH = "/usr/local/bin:/usr/bin:/bin"
RETRIES = 3
READING_SECONDS = 60
LONGEST_EXCERPT = 4
NO_REPOSITORY = re.compile(
    "name unknown|name_unknown|repository name not known|repositorynotfound|does not exist in the registry",
    re.IGNORECASE,
)
ABSENT = re.compile(f"manifest unknown|{NO_REPOSITORY.pattern}", re.IGNORECASE)
REFUSED = re.compile(
    r"unauthorized|authentication required|no basic auth credentials|denied|403 \(?forbidden", re.IGNORECASE
)
UNREACHABLE = re.compile(
    "connection refused|connection reset|no such host|no route to host|network is unreachable|i/o timeout"
    "|deadline exceeded|certificate|tls:|server gave http response",
    re.IGNORECASE,
)
SAID = re.compile(r'level=fatal msg="(?P<said>.*)"\s*$', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Skopeo:
    """Runs skopeo. Talks HTTPS to every registry but one on this machine itself."""

    credentials: Path | None = None
    """File that `skopeo login --authfile` wrote; skopeo's own if absent."""

    def manifest(self, place: str) -> bytes | None:
        """Return the raw manifest at a place, None where there is none. Refuses what cannot be reached or read."""
        found = self._run(["inspect", "--raw", *self._access(place), place], seconds=READING_SECONDS)
        if found.returncode == 0:
            return found.stdout
        said = _said(found.stderr)
        if ABSENT.search(said):
            return None
        raise _refusal(place, said)

    def copy(self, source: str, destination: str) -> None:
        """Copy an image with every platform it has, its digest unchanged. What is there already is not sent again."""
        options = ["copy", "--all", "--preserve-digests", "--quiet", f"--retry-times={RETRIES}"]
        access = [*self._access(source, "src-"), *self._access(destination, "dest-")]
        done = self._run([*options, *access, source, destination])
        if done.returncode != 0:
            said = _said(done.stderr)
            # The word "initializing source" stands before what went wrong on the way in.
            raise _refusal(source if "initializing source" in said else destination, said)

    def _access(self, place: str, side: str = "") -> list[str]:
        """Options for reaching a place: none for a file."""
        if not place.startswith(REGISTRY):
            return []
        options = [f"--{side}tls-verify=false"] if _is_on_this_machine(place) else []
        if self.credentials is not None and side != "src-":
            options.append(f"--{side}authfile={self.credentials}")
        return options

    def _run(self, arguments: list[str], *, seconds: float | None = None) -> subprocess.CompletedProcess[bytes]:
        # Who signed an image is not asked here: its digest says what it is, and is compared.
        command = ["skopeo", "--insecure-policy"]
        if seconds is not None:
            command.append(f"--command-timeout={seconds}s")
        path = f"{os.environ.get('PATH', '')}:{PROGRAM_PATH}"
        try:
            return subprocess.run(
                [*command, *arguments],
                env={**os.environ, "PATH": path},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise MachineError(
                "skopeo is not on this machine.",
                code="FAL-MIR-002",
                where="falaj mirror",
                hint="run: apt-get install --no-install-recommends skopeo",
            ) from None


def host_of(place: str) -> str:
    """Return the registry of a place, with its port."""
    return place.removeprefix(REGISTRY).partition("/")[0]


def _is_on_this_machine(place: str) -> bool:
    host = host_of(place).rpartition(":")[0] or host_of(place)
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _said(stderr: bytes) -> str:
    """The sentence skopeo ended with, without its time stamp and escapes."""
    text = stderr.decode(errors="replace").strip()
    found = SAID.search(text)
    if found is None:
        return "\n".join(text.splitlines()[-LONGEST_EXCERPT:])
    return found["said"].replace('\\"', '"').replace("\\n", "\n")


def _refusal(place: str, said: str) -> FalajError:
    """The error that says what a failure means for its user."""
    if place.startswith(ARCHIVE):
        return ImageError(
            f"Its archive cannot be read:\n{said}", code="FAL-MIR-003", where=place, hint="run: falaj images build"
        )
    host = host_of(place)
    if NO_REPOSITORY.search(said):
        return ImageError(
            f"There is no such repository yet:\n{said}",
            code="FAL-MIR-004",
            where=place,
            hint="make the registry first, before its cluster: run `falaj mirror --help` for the command",
        )
    if REFUSED.search(said):
        return ImageError(
            f"The registry does not accept these credentials:\n{said}",
            code="FAL-MIR-005",
            where=host,
            hint=f"{login_command(host)}; then give FILE with --credentials",
        )
    if UNREACHABLE.search(said):
        return ImageError(
            f"The registry cannot be reached from here:\n{said}",
            code="FAL-MIR-006",
            where=host,
            hint="run this inside the environment's network: its registry answers nowhere else",
        )
    return ImageError(
        f"skopeo ended with:\n{said}", code="FAL-MIR-007", where=place, hint="mend that and run the same command again"
    )


def login_command(host: str) -> str:
    """Return the command that writes credentials for that registry to FILE, without a password in sight."""
    login = "skopeo login --authfile FILE --password-stdin"
    if host.endswith(".amazonaws.com"):
        region = host.split(".")[3]
        return f"aws ecr get-login-password --region {region} | {login} --username AWS {host}"
    if host.endswith(".azurecr.io"):
        name = host.partition(".")[0]
        anyone = "00000000-0000-0000-0000-000000000000"
        return (
            f"az acr login --name {name} --expose-token --output tsv --query accessToken | "
            f"{login} --username {anyone} {host}"
        )
    return f"{login} --username NAME {host}"
