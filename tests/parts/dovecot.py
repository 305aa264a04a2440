"""Dovecot 2.3: a real IMAP server with TLS, OAuth2 and plus-addresses, filled by LMTP.

Everything lies under one folder of ours; no file of an installed Dovecot is read. It runs as root (mail then
belongs to nobody: Dovecot refuses to serve mail of user 0) and as an ordinary user.
"""

from __future__ import annotations

import base64
import getpass
import grp
import hashlib
import hmac
import ipaddress
import itertools
import json
import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra.local.ports import LOOPBACK, accepts_connections, free_port
from infra.local.process import running

PASSWORD = "secret"
SIGNING_KEY = b"a key for tests, long enough for HS256"
CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/state
log_path = /dev/stderr
instance_name = relance-{imap}
listen = {host}
protocols = imap lmtp
default_internal_user = {internal_user}
default_internal_group = {internal_group}
default_login_user = {login_user}

mail_home = {home}/mail/%Lu
mail_location = maildir:~/Maildir
mailbox_list_index = yes
first_valid_uid = 1
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
namespace inbox {{
  inbox = yes
  separator = /
}}

ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no

auth_mechanisms = plain login xoauth2 oauthbearer
# A refused login is what some tests are about: it must not take two seconds.
auth_failure_delay = 0
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_gid} home={home}/mail/%Lu allow_all_users=yes
}}

service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {host}
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
  # Without its socket no penalty is counted against us, the one address all logins come from.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""
OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={home}/keys/
username_attribute = email
"""


@dataclass(frozen=True)
class Dovecot:
    """A running Dovecot. Every address has a mailbox, opened by `password` or a token."""

    home: Path
    imap_port: int
    imaps_port: int
    lmtp_port: int
    host: str = LOOPBACK
    password: str = PASSWORD
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def certificate(self) -> Path:
        """What a client must trust to verify the TLS of this server."""
        return self.home / "cert.pem"

    def new_address(self) -> str:
        """An address with an empty mailbox that no other test uses."""
        return f"box{next(self._numbers)}@acme.test"

    def deliver(self, raw: bytes, *, to: str, sender: str = "client@debtor.test") -> None:
        """Put these exact bytes into the mailbox of `to`, as a mail server would."""
        with smtplib.LMTP(self.host, self.lmtp_port) as session:
            session.sendmail(sender, [to], raw)

    def renumber(self, address: str, mailbox: str = "INBOX") -> int:
        """Give the mailbox another UIDVALIDITY, as a restored server does; returns it."""
        validity = int(time.time()) + next(self._numbers)
        self._doveadm("mailbox", "update", "-u", address, "--uid-validity", str(validity), mailbox)
        return validity

    def token(self, address: str, *, expires_at: datetime | None = None) -> str:
        """An OAuth2 token for XOAUTH2 or OAUTHBEARER; an `expires_at` in the past gives a useless one."""
        until = expires_at or datetime.now(UTC) + timedelta(hours=1)
        header = {"alg": "HS256", "typ": "JWT"}
        claims = {"sub": address, "email": address, "exp": int(until.timestamp())}
        signed = b".".join(_url_safe(json.dumps(part).encode()) for part in (header, claims))
        mark = hmac.new(SIGNING_KEY, signed, hashlib.sha256).digest()
        return b".".join([signed, _url_safe(mark)]).decode()

    def _doveadm(self, *arguments: str) -> str:
        command = ["doveadm", "-c", str(self.home / "dovecot.conf"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout


@contextmanager
def run_dovecot(logs: Path) -> Iterator[Dovecot]:
    """Run an empty Dovecot while the block lasts."""
    # Not below pytest's folders: they are closed to the users Dovecot changes to.
    home = Path(tempfile.mkdtemp(prefix="relance-dovecot-"))
    home.chmod(0o755)
    server = Dovecot(home=home, imap_port=free_port(), imaps_port=free_port(), lmtp_port=free_port())
    try:
        _write_files(server)
        ports = (server.imap_port, server.imaps_port, server.lmtp_port)
        with running(
            "Dovecot",
            ["dovecot", "-F", "-c", str(home / "dovecot.conf")],
            ready=lambda: all(accepts_connections(port) for port in ports),
            log=logs / "dovecot.log",
            # It waits six seconds for its own children; nothing here is worth that.
            stop_within_seconds=0.5,
        ):
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _write_files(server: Dovecot) -> None:
    home = server.home
    as_root = os.getuid() == 0
    me = getpass.getuser()
    owner = pwd.getpwnam("nobody" if as_root else me)
    for folder in ("run", "mail", "state", "keys/default/HS256"):
        (home / folder).mkdir(parents=True)
    if as_root:
        os.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    _write_certificate(home)
    (home / "keys/default/HS256/default").write_bytes(base64.b64encode(SIGNING_KEY))
    (home / "oauth2.conf").write_text(OAUTH2.format(home=home))
    (home / "dovecot.conf").write_text(
        CONFIGURATION.format(
            home=home,
            host=server.host,
            imap=server.imap_port,
            imaps=server.imaps_port,
            lmtp=server.lmtp_port,
            password=server.password,
            internal_user="dovecot" if as_root else me,
            internal_group="dovecot" if as_root else grp.getgrgid(os.getgid()).gr_name,
            login_user="dovenull" if as_root else me,
            mail_uid=owner.pw_uid,
            mail_gid=owner.pw_gid,
        )
    )


def _write_certificate(home: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (home / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (home / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _url_safe(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
