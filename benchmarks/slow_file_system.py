"""What a file system that answers after milliseconds adds to a large campaign: how often each verb asks it, for a state, and how
long that takes.

    python benchmarks/slow_file_system.py CAMPAIGN.toml [--milliseconds 5] [--output FILE]

CAMPAIGN is one whose states are finished but for some (as benchmarks/campaign_scale.py leaves them with `finish_to`). Each verb
runs in a process of its own in which every look at a file inside the campaign's folder (stat, open, list, rename, remove, make) is counted, and
then once more in which each of them sleeps. `run` goes to the moment at which its first stage would be sent.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import side_by_side

from glassdask.campaign.definition.campaign import load_campaign

#: Run before the verb: what is asked of the campaign's folder sleeps and is counted.
SLOW = """
import atexit, json, os, sys, time, threading
folder, seconds, answer = os.path.abspath(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
counts, lock = {}, threading.Lock()
def asked(name, path):
    if isinstance(path, (str, bytes, os.PathLike)) and os.path.abspath(os.fsdecode(path)).startswith(folder):
        with lock:
            counts[name] = counts.get(name, 0) + 1
        time.sleep(seconds)
def watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir", "os.rename", "os.remove", "os.mkdir"):
        asked(event, arguments[0])
sys.addaudithook(watch)
stat = os.stat
def slow_stat(path, *rest, **more):
    asked("os.stat", path)
    return stat(path, *rest, **more)
os.stat = slow_stat
atexit.register(lambda: open(answer, "w").write(json.dumps(counts)))
sys.argv[1:] = sys.argv[4:]
"""
VERB = SLOW + "from glassdask.cli import main; main()"
START = (
    SLOW
    + """
from glassdask.cluster.driver.driver import Driver
class Enough(Exception): pass
def enough(*_): raise Enough
Driver._send = enough
if __name__ == '__main__':
    from glassdask.cli import main
    try: main()
    except Enough: pass
"""
)
VERBS = {
    "status": (VERB, ["status"]),
    "ls --status failed": (VERB, ["ls", "--status", "failed"]),
    "run --dry-run": (VERB, ["run", "--dry-run"]),
    "run, to its first stage": (START, ["run", "--quiet", "--no-dashboard", "--workers", "1"]),
}


def main() -> None:
    options = arguments()
    campaign = load_campaign(options.campaign)
    rows = []
    for name, (program, words) in VERBS.items():
        counts, _ = asked(program, words, options.campaign, 0.0)
        _, quick = asked(program, words, options.campaign, 0.0)
        _, slow = asked(program, words, options.campaign, options.milliseconds / 1000)
        each = ", ".join(f"{count} {kind.removeprefix('os.')}" for kind, count in sorted(counts.items()))
        rows.append([name, each, f"{sum(counts.values()) / len(campaign.states):.2f}", f"{quick:.1f}", f"{slow:.1f}"])
    head = "# A large campaign on a slow file system"
    about = (
        f"{side_by_side.circumstances(['distributed'], f'{os.cpu_count()} cores')} {len(campaign.states):,} states; every "
        f"look at the campaign's folder sleeps {options.milliseconds:g} ms in the last column. Load of the machine at the "
        f"end {os.getloadavg()[0]:.1f}."
    )
    header = ["", "looks", "looks a state", "s", f"s, {options.milliseconds:g} ms a look"]
    side_by_side.publish("\n\n".join([head, about, side_by_side.table(header, rows)]), options.output)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("campaign", type=Path, help="its TOML file")
    parser.add_argument("--milliseconds", type=float, default=5.0, help="of one look")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    return parser.parse_args()


def asked(program: str, words: list[str], file: Path, seconds: float) -> tuple[dict[str, int], float]:
    """What a verb asks of the campaign's folder, by kind, and how long it takes."""
    answer = file.with_suffix(".asked.json")
    verb, *options = words
    command = [sys.executable, "-c", program, str(file.with_suffix("")), str(seconds), str(answer)]
    began = time.perf_counter()
    done = subprocess.run([*command, verb, str(file), *options], capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    counts: dict[str, int] = json.loads(answer.read_text(encoding="utf-8"))
    answer.unlink()
    return counts, took


if __name__ == "__main__":
    main()
