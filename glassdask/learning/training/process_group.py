"""The ranks that train one network together: this process alone, or torch's process group."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist

from glassdask.errors import InvalidInput

#: How long ranks wait for each other: a cold start of torch takes 11 s and more on a shared file system. [s]
RENDEZVOUS_SECONDS = 300.0
_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def world_size() -> int:
    """Number of ranks."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Number of this one."""
    return dist.get_rank() if dist.is_initialized() else 0


@contextmanager
def process_group(timeout: float = RENDEZVOUS_SECONDS) -> Iterator[None]:
    """Joins the process group that the environment names as torchrun does; does nothing without its variables.
    InvalidInput if only some of RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT are set.

    NCCL where each rank has a GPU of its own, gloo elsewhere (`agreed_backend`).
    """
    present = [name for name in _NEEDED if os.environ.get(name)]
    if not present or dist.is_initialized() or os.environ.get("WORLD_SIZE") == "1":
        yield
        return
    if len(present) < len(_NEEDED):
        missing = ", ".join(sorted(set(_NEEDED) - set(present)))
        raise InvalidInput(
            f"{', '.join(present)} in the environment, but not {missing}; set all, as torchrun does, or none"
        )
    me, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    store = _store(me, size, timedelta(seconds=timeout))
    backend = agreed_backend(store, me, size, _own_gpu())
    dist.init_process_group(backend, store=store, rank=me, world_size=size, timeout=timedelta(seconds=timeout))
    try:
        yield
    finally:
        dist.destroy_process_group()


def agreed_backend(store: dist.Store, me: int, size: int, gpu: str) -> str:
    """NCCL if no two ranks share a GPU, which it refuses ("Duplicate GPU detected"), and none is without one; else
    gloo.

    Launchers number the devices that they show to a rank from 0, and may show one or all of them: only the devices' own
    names tell them apart. Every rank must ask, and is told the same; `gpu` is the device of this one by a name that no
    other has, "" for the processor.
    """
    store.set(f"gpu/{me}", gpu)
    gpus = [store.get(f"gpu/{rank}").decode() for rank in range(size)]
    return "nccl" if all(gpus) and len(set(gpus)) == size else "gloo"


def _own_gpu() -> str:
    """Host and UUID of the GPU of this rank; "" without one."""
    if not torch.cuda.is_available():
        return ""
    return f"{socket.gethostname()} {torch.cuda.get_device_properties(device()).uuid}"


def _store(me: int, size: int, timeout: timedelta) -> dist.Store:
    """Where ranks leave their addresses; torch's own would listen on every interface of rank 0's machine.

    torchrun's agent already serves one at the same address.
    """
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE", "").lower() == "true":
        store = dist.TCPStore(host, port, size, is_master=False, timeout=timeout)
        return dist.PrefixStore(f"attempt_{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
    if me > 0:
        return dist.TCPStore(host, port, size, is_master=False, timeout=timeout)
    listening = socket.create_server((host, port), backlog=2048).detach()
    return dist.TCPStore(host, port, size, is_master=True, timeout=timeout, master_listen_fd=listening)


def device() -> torch.device:
    """The GPU of this rank, or the processor."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    local = int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count()
    return torch.device("cuda", local)


def _meeting_place() -> torch.device:
    """Where that lies which ranks tell each other: NCCL takes tensors of GPUs, gloo those of the processor."""
    return device() if dist.get_backend() == "nccl" else torch.device("cpu")


def any_rank(flag: bool) -> bool:
    """Whether any rank says so; every rank must ask."""
    if not dist.is_initialized():
        return flag
    flags = torch.tensor([int(flag)], device=_meeting_place())
    dist.all_reduce(flags, op=dist.ReduceOp.MAX)
    return bool(flags.item())


def from_rank_0(content: bytes | None) -> bytes | None:
    """What rank 0 has, so that no rank goes on from something else; every rank must ask."""
    if not dist.is_initialized():
        return content
    size = torch.tensor([-1 if content is None else len(content)], device=_meeting_place())
    dist.broadcast(size, src=0)
    if size.item() < 0:
        return None
    received = torch.empty(int(size.item()), dtype=torch.uint8, device=_meeting_place())
    if content is not None:
        received.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
    dist.broadcast(received, src=0)
    return received.cpu().numpy().tobytes()


def as_rank_0(flag: bool) -> bool:
    """What rank 0 says, so that ranks on unlike processors never part; every rank must ask."""
    if not dist.is_initialized():
        return flag
    decision = torch.tensor([int(flag)], device=_meeting_place())
    dist.broadcast(decision, src=0)
    return bool(decision.item())
