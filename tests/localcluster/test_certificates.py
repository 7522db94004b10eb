from __future__ import annotations

import stat
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from falaj.localcluster import credentials, places
from falaj.localcluster.certificates import Authority, write_secret
from falaj.localcluster.places import Places
from falaj.localcluster.subnets import Subnets


@pytest.fixture
def issued(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Places:
    monkeypatch.setattr(places, "CLUSTERS", tmp_path / "data")
    monkeypatch.setattr(places, "RUN", tmp_path / "run")
    cluster = Places("falaj")
    credentials.issue(cluster, Subnets(3))
    return cluster


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def common_name(certificate: x509.Certificate) -> str | bytes:
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def test_no_other_user_can_read_a_key(issued: Places) -> None:
    written = [path for folder in (issued.data, issued.run) for path in folder.rglob("*") if path.is_file()]

    assert len(written) > 20
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert stat.S_IMODE(issued.keys.stat().st_mode) == 0o700


def test_the_api_server_proves_itself_under_every_name_it_is_called_by(issued: Places) -> None:
    certificate = load(issued.keys / "api-server.crt")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == [
        "10.201.3.2",
        "10.96.3.1",
        "127.0.0.1",
    ]


def test_a_strict_verifier_accepts_the_chain(issued: Places) -> None:
    store = verification.Store([load(issued.keys / "cluster-ca.crt")])
    subject = x509.IPAddress(IPv4Address("10.201.3.2"))

    chain = (
        verification.PolicyBuilder()
        .store(store)
        .build_server_verifier(subject)
        .verify(load(issued.keys / "api-server.crt"), [])
    )

    assert common_name(chain[-1]) == "cluster-ca"


@pytest.mark.parametrize("name", ["etcd-client", "front-proxy-client"])
def test_a_cluster_certificate_opens_neither_the_database_nor_the_aggregation_layer(issued: Places, name: str) -> None:
    certificate = load(issued.keys / f"{name}.crt")

    with pytest.raises(ValueError, match="Issuer certificate subject does not match"):
        certificate.verify_directly_issued_by(load(issued.keys / "cluster-ca.crt"))


def test_every_kubeconfig_is_whole_in_itself_and_named_after_the_cluster(issued: Places) -> None:
    content = yaml.safe_load(issued.kubeconfig.read_text())

    assert content["current-context"] == "falaj"
    assert content["clusters"][0]["cluster"]["server"] == "https://10.201.3.2:6443"
    assert set(content["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


def test_another_start_keeps_the_authorities_and_renews_the_rest(issued: Places) -> None:
    kept = ["cluster-ca.crt", "etcd-ca.key", "front-proxy-ca.crt", "service-accounts.key"]
    before = {path.name: path.read_bytes() for path in issued.keys.iterdir()}
    secret = (issued.configuration / "encryption.yaml").read_bytes()

    credentials.issue(issued, Subnets(3))

    after = {path.name: path.read_bytes() for path in issued.keys.iterdir()}
    assert [before[name] for name in kept] == [after[name] for name in kept]
    assert before["api-server.crt"] != after["api-server.crt"]
    assert (issued.configuration / "encryption.yaml").read_bytes() == secret


def test_an_authority_signs_certificates_and_no_further_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    authority.ensure()
    issued = load(authority.issue("leaf", "leaf").certificate)

    own = load(authority.files.certificate).extensions.get_extension_for_class(x509.BasicConstraints).value
    leaf = issued.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (own.ca, own.path_length, leaf.ca) == (True, 0, False)
    assert isinstance(issued.public_key(), ec.EllipticCurvePublicKey)


def test_a_secret_replaces_the_old_one_whole(tmp_path: Path) -> None:
    write_secret(tmp_path / "key", b"old and long")
    write_secret(tmp_path / "key", b"new")

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("key", b"new")]
