"""A PostGIS server of the tests' own: in a temporary folder, gone when they are done."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

#: What the server asks of "officer".
_PASSWORD = "se:cr/et"

_HOW_TO_INSTALL = "no {}: make system, or on Debian: apt-get install postgresql postgresql-postgis"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a server with a database ``land``, and yield its address, which has a password in it."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    initdb = installed[-1] if installed else shutil.which("initdb")
    if initdb is None:
        pytest.fail(_HOW_TO_INSTALL.format("PostgreSQL server"))
    # The server refuses to run as root; its Debian package makes this user.
    user = "postgres" if os.geteuid() == 0 else None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="qy_gis_postgis_"))
    data, programs = folder / "data", Path(initdb).parent
    (folder / "password").write_text(_PASSWORD, encoding="utf-8")
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"

    def run(*command: str | Path) -> None:
        # The server inherits the output of pg_ctl: a pipe would stay open as long as it runs, hence a file.
        with (folder / "output").open("w+", encoding="utf-8") as output:
            done = subprocess.run(command, user=user, cwd="/", stdout=output, stderr=subprocess.STDOUT, check=False)
            output.seek(0)
            assert done.returncode == 0, output.read()

    try:
        if user is not None:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        secret = ["-A", "scram-sha-256", "-U", "officer", f"--pwfile={folder / 'password'}"]
        run(programs / "initdb", "-D", data, *secret, "--locale=C", "-E", "UTF8", "--no-sync")
        run(programs / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", settings)
        try:
            host = {"host": "127.0.0.1", "port": port, "user": "officer", "password": _PASSWORD, "autocommit": True}
            with psycopg.connect(dbname="postgres", **host) as connection:
                connection.execute("CREATE DATABASE land")
            with psycopg.connect(dbname="land", **host) as connection:
                if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'").fetchone():
                    pytest.fail(_HOW_TO_INSTALL.format("PostGIS"))
                connection.execute("CREATE EXTENSION postgis")
            yield f"postgresql://officer:{quote(_PASSWORD, safe='')}@127.0.0.1:{port}/land"
        finally:
            run(programs / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)
    finally:
        shutil.rmtree(folder)
