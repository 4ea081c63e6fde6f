"""Signals: one ends the work in good order and is answered at once, nothing swallows it, a second one ends the process."""

from __future__ import annotations

import gc
import importlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from glassdask import interruption, postponement
from glassdask.interruption import Interrupted, interruptible
from glassdask.postponement import postponed
from tests.command_line import environment
from tests.waiting import HANGS, wait_until

CHECKPOINTS = "checkpoints are written"


@pytest.fixture(autouse=True)
def _interrupts_are_heeded() -> Iterator[None]:
    """A shell's background job starts with SIGINT ignored, and so would these tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def stop(number: signal.Signals = signal.SIGINT) -> None:
    signal.raise_signal(number)


def wait_for_the_interrupt() -> None:
    """Until KeyboardInterrupt comes; a bound for what hangs."""
    wait_until(lambda: False)


def end_of(work: Callable[[], object], advice: str = "", doing: str = CHECKPOINTS) -> Interrupted:
    """What leaves an interruptible block that does this work."""
    with pytest.raises(Interrupted) as end, interruptible(advice, doing):
        work()
    return end.value


def test_the_answer_comes_before_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    said = []

    def work() -> None:
        try:
            stop(signal.SIGTERM)
        finally:
            said.append(capfd.readouterr().err)

    end = end_of(work, "'run' goes on.")
    assert said == [f"glassdask: stopping: {CHECKPOINTS}; once more to end now\n"]
    assert (str(end), end.exit_code) == ("stopped by SIGTERM. 'run' goes on.", 130)


def test_the_innermost_block_says_what_is_done_and_handlers_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with interruptible("inner", CHECKPOINTS):
            stop()

    assert str(end_of(work, "outer", "")) == "stopped by SIGINT. inner"
    assert CHECKPOINTS in capfd.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before
    assert "stopped by SIGINT." in str(end_of(stop)), "the next block knows nothing of the one before"


def test_an_import_is_ended_before_the_work_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long_import.py").write_text("import signal; signal.raise_signal(signal.SIGINT); is_whole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    def work() -> None:
        importlib.import_module("long_import")
        wait_for_the_interrupt()

    end_of(work)
    assert sys.modules.pop("long_import").is_whole


def test_what_a_callback_swallows_is_raised_again_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    class Thing:
        pass

    things = [Thing()]
    reference = weakref.ref(things[0], lambda _: stop())

    def work() -> None:
        things.clear()
        gc.collect()
        wait_for_the_interrupt()

    end_of(work)
    assert reference() is None
    assert capfd.readouterr().err.count("\n") == 1, "the answer"


def test_an_error_that_the_stop_has_caused_is_no_traceback() -> None:
    def library() -> None:
        try:
            stop()
        except KeyboardInterrupt:
            raise RuntimeError("half a library") from None

    assert str(end_of(library)) == "stopped by SIGINT. While stopping: RuntimeError: half a library"


def test_without_a_signal_errors_stay_as_they_are() -> None:
    with pytest.raises(RuntimeError) as raised, interruptible():
        raise RuntimeError("none of ours") from ValueError("cause")
    assert isinstance(raised.value.__cause__, ValueError)


def test_a_warning_that_comes_twice_is_no_impatience() -> None:
    """A job's manager and ``timeout`` both pass SIGTERM on."""

    def work() -> None:
        try:
            stop(signal.SIGTERM)
        finally:
            stop(signal.SIGTERM)

    assert "SIGTERM" in str(end_of(work))


def test_a_second_one_in_a_session_leaves_the_block_at_once_and_the_session_alive() -> None:
    """A notebook's process is the user's."""
    reached = []

    def work() -> None:
        try:
            stop()
        finally:
            try:
                stop()
            except KeyboardInterrupt:
                reached.append("left")
                raise

    assert str(end_of(work, "'run' goes on.")) == "stopped by SIGINT. 'run' goes on."
    assert reached == ["left"]


def test_who_goes_on_after_errors_does_not_go_on_after_ctrl_c() -> None:
    assert issubclass(Interrupted, KeyboardInterrupt)
    assert not issubclass(Interrupted, Exception)


def test_another_thread_is_stopped_from_within_only() -> None:
    """As by 'glassdask cancel'; Python's signals come to the main thread."""
    ends: list[KeyboardInterrupt] = []

    def work() -> None:
        try:
            with interruptible("'run' goes on.", CHECKPOINTS):
                raise KeyboardInterrupt
        except KeyboardInterrupt as end:
            ends.append(end)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [(type(end), str(end)) for end in ends] == [(Interrupted, "stopped by the user. 'run' goes on.")]


def test_what_is_postponed_is_answered_at_once_and_comes_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    said = []

    def work() -> None:
        with postponed():
            os.kill(os.getpid(), signal.SIGINT)
            said.append(wait_until(lambda: capfd.readouterr().err))
        wait_for_the_interrupt()

    end_of(work)
    assert said[0].endswith("once more to end now\n")


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "put off by an import"])
def test_no_line_of_a_postponement_loses_a_signal_or_hears_it_twice(
    is_first: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What was put off until an import is over may come just when something is postponed."""
    ends: list[str] = []
    monkeypatch.setattr(interruption, "_end", ends.append)
    lines: list[int] = []

    def send() -> None:
        if is_first:
            stop()
        else:
            interruption.stop.raise_again()

    def at_line(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != postponement.__file__:
            return None
        if event == "line":
            lines.append(frame.f_lineno)
            if len(lines) == at:
                send()
        return at_line

    def work() -> None:
        if not is_first:
            interruption.stop.hear(signal.SIGINT)
        sys.settrace(at_line)
        try:
            with postponed():
                pass
        finally:
            sys.settrace(None)
        if len(lines) < at:
            send()
        wait_until(lambda: False, seconds=5)

    for at in itertools.count(1):
        lines.clear()
        with pytest.raises(Interrupted), interruptible("", CHECKPOINTS, is_command=True):
            work()
        assert not ends, lines[-1]
        assert capfd.readouterr().err.count("glassdask: ") == 1, lines[-1]
        if len(lines) < at:
            break
    assert at > 30


# --- processes ------------------------------------------------------------------------------------------------------

#: Sends Ctrl-C to the process group, as a terminal does, when Python first reports an event that names a word.
AT_EVENT = """
import os, signal, sys
wanted, word = sys.argv.pop(1), sys.argv.pop(1)
signal.signal(signal.SIGINT, signal.default_int_handler)
def hook(event, arguments):
    global wanted
    if event == wanted and arguments and word in str(arguments[0]):
        wanted = None
        os.killpg(0, signal.SIGINT)
sys.addaudithook(hook)
from glassdask.__main__ import main
main()
"""


def interrupted_at(event: str, word: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", AT_EVENT, event, word, *arguments],
        cwd=cwd, env=environment(), capture_output=True, text=True, timeout=HANGS, check=False, start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "word", "arguments"),
    [
        ("import", "glassdask.cli", ("init",)),
        ("import", "click", ("init",)),
        ("import", "pydantic", ("plan", "c.toml")),
        ("open", "quickstart.toml", ("init",)),
        ("open", "c.toml", ("run", "c.toml")),
        ("import", "numpy", ("mct", "--packing-fraction", "0.4")),
        ("open", "driver.json", ("run", "c.toml")),
        ("import", "distributed", ("run", "c.toml")),
        ("subprocess.Popen", "python", ("plan", "c.toml")),
    ],
)
def test_no_moment_shows_a_traceback(event: str, word: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[[grid]]\npotential = "wca"\ndensity = 1.2\ntemperature = 2.0\n'
        "[equilibration]\nlength = 10.0\n[production]\nlength = 1.0e5\n"
    )
    done = interrupted_at(event, word, *arguments, cwd=tmp_path)
    assert done.returncode == 130, done.stderr
    assert "glassdask: stopped by SIGINT." in done.stderr
    assert {line.partition(":")[0] for line in done.stderr.splitlines()} <= {"glassdask", "pilot"}, done.stderr
    assert not list(tmp_path.rglob(".*.partial-*")), "nothing half-written"
    assert not (tmp_path / "c" / "driver.json").exists(), "the campaign is free"


def test_a_second_ctrl_c_ends_the_process_and_its_half_written_file(tmp_path: Path) -> None:
    code = (
        "from glassdask.files.atomic_write import atomic_write\n"
        "from glassdask.interruption import interruptible\n"
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with interruptible('', 'slowly', is_command=True), atomic_write('product') as path:\n"
        "    path.write_text('half'); print('ready', flush=True)\n"
        "    try: time.sleep(600)\n"
        "    finally: time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "glassdask: stopping: slowly; once more to end now\n"
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=HANGS)
    assert (process.returncode, rest) == (130, "glassdask: ended at once; what is finished is kept\n")
    assert not list(tmp_path.iterdir())
