"""The cluster on this machine: other users of it can neither listen, nor read, nor submit."""

from __future__ import annotations

import asyncio
import http.client
import re
import resource
import socket
import ssl
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from distributed import Client
from distributed.comm import connect
from distributed.security import Security

from glassdask.cluster.pools.launch import available_cores, local_workers
from glassdask.cluster.runtime.workers import FixedWorkers
from tests.waiting import HANGS


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[FixedWorkers, list[str]]]:
    with local_workers(2) as both:
        yield both


@pytest.fixture
def client(cluster: tuple[FixedWorkers, list[str]]) -> Client:
    return cluster[0].client


@pytest.fixture
def announced(cluster: tuple[FixedWorkers, list[str]]) -> list[str]:
    return cluster[1]


def address_of(client: Client) -> tuple[str, int]:
    host, port = client.scheduler_info()["address"].removeprefix("tls://").split(":")
    return host, int(port)


def double(x: int) -> int:
    return 2 * x


def pages_touched_by_temporaries(megabytes: int, repeats: int) -> float:
    """Megabytes of memory that the kernel had to find for arrays which are made and dropped."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(repeats):
        np.ones(megabytes * 2**17)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize() / 2**20


def test_it_computes(client: Client) -> None:
    assert client.submit(double, 21).result(timeout=HANGS) == 42
    assert len(client.ncores()) == 2
    assert set(client.ncores().values()) == {1}, "one stage at a time in each worker"


def test_a_worker_keeps_the_memory_of_temporary_arrays(client: Client) -> None:
    """As a process without Dask does: finding memory anew takes longer than most operations on an array."""
    found = client.submit(pages_touched_by_temporaries, 3, 100).result(timeout=HANGS)
    assert found < 60, "300 MB if every array of 3 MB is given back; some arrays are made before the first is reused"


def test_one_worker_a_core_is_the_default() -> None:
    assert 1 <= available_cores() <= (psutil.cpu_count() or 1)


def test_everything_listens_on_loopback(client: Client) -> None:
    """Scheduler, workers, nannies and dashboard, in this process and its children."""
    assert client.scheduler_info()["workers"]
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    listening = [
        connection.laddr.ip
        for process in family
        if "chrom" not in process.name()  # the browser of other tests
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 6, "a scheduler, its page, two nannies, two workers"
    assert set(listening) == {"127.0.0.1"}


def test_every_address_is_encrypted(client: Client) -> None:
    info = client.scheduler_info(n_workers=-1)
    addresses = [info["address"], *info["workers"], *(worker["nanny"] for worker in info["workers"].values())]
    assert len(addresses) == 5
    assert all(address.startswith("tls://127.0.0.1:") for address in addresses)


async def _identity(address: str, security: Security | None) -> dict:
    """What a scheduler tells a client of this address and certificate about itself."""
    arguments = security.get_connection_args("client") if security else {}
    comm = await connect(address, timeout=HANGS, **arguments)
    await comm.write({"op": "identity"})
    return await asyncio.wait_for(comm.read(), HANGS)


def test_the_certificate_of_this_run_opens_the_door_and_another_does_not(client: Client) -> None:
    """Fault 16: a key pair made elsewhere opens nothing."""
    address = client.scheduler_info()["address"]
    assert client.sync(_identity, address, client.security)["type"] == "Scheduler"
    with pytest.raises(OSError):  # Dask's errors of connections, ssl.SSLError and timeouts are all of this kind
        client.sync(_identity, address, Security.temporary())


def test_plain_tcp_is_refused(client: Client) -> None:
    host, port = address_of(client)
    with pytest.raises(OSError):
        client.sync(_identity, f"tcp://{host}:{port}", None)


def say_hello(context: ssl.SSLContext, plain: socket.socket) -> None:
    """With TLS 1.3 the server's refusal comes after the client's side of the handshake; its answer would be an error."""
    with context.wrap_socket(plain) as stream:
        stream.sendall(b"hello")
        if not stream.recv(1):
            raise ConnectionError("closed without an answer")


def test_without_a_certificate_the_handshake_fails(client: Client) -> None:
    """By the bare protocol: a TLS client that shows no certificate is thrown out before it can say a word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(address_of(client), timeout=HANGS) as plain, pytest.raises(OSError):
        say_hello(context, plain)
    assert client.submit(double, 4).result(timeout=HANGS) == 8, "and the cluster goes on"


def status_of_page(port: int, path: str) -> int:
    """HTTP status of a page on the loopback interface."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGS)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_dashboard_wants_the_token_that_the_user_is_told(announced: list[str]) -> None:
    """Fault 16: without the token, or with another, no page is shown and no route answers."""
    page, buttons, link, tunnel = announced
    assert "page.token" in buttons
    assert page == f"campaign: {link.removeprefix('Dask dashboard: ').removesuffix('status')}glassdask"
    port, token = re.findall(r"http://127.0.0.1:(\d+)/([\w-]{20,})/status", link)[0]
    assert f"ssh -L {port}:127.0.0.1:{port} " in tunnel
    for page in ("status", "health", "info/main/workers.html", "metrics", "json/counts.json"):
        assert status_of_page(int(port), f"/{token}/{page}") == 200
        for wrong in (f"/{page}", f"/{token[:-1]}/{page}", f"/{token}x/{page}"):
            assert status_of_page(int(port), wrong) == 404, wrong


def test_the_dashboard_can_be_left_out() -> None:
    """Dask's scheduler always answers HTTP; without a dashboard it has no page to show."""
    with local_workers(1, dashboard=False) as (closed, lines):
        assert lines == []
        port = closed.client.scheduler_info()["services"]["dashboard"]
        assert {status_of_page(port, path) for path in ("/status", "/health", "/info/main/workers.html")} == {404}
