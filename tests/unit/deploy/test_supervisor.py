"""The back-off between starts, and log files that stay small."""

from pathlib import Path

from deploy.supervisor import LOG_BYTES, LONGEST_DELAY_S, STEADY_AFTER_S, Backoff, RotatingLog


def test_waits_double_up_to_a_limit() -> None:
    backoff = Backoff()
    delays = [backoff.delay_s(0.1) for _ in range(10)]
    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert delays[-1] == LONGEST_DELAY_S


def test_a_steady_run_forgives_the_past() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.delay_s(0.1)
    assert backoff.delay_s(STEADY_AFTER_S) == 0.5


def test_a_log_file_never_grows_beyond_its_limit(tmp_path: Path) -> None:
    with RotatingLog(tmp_path / "x.log") as log:
        for _ in range(25):
            log.write(b"x" * 1024**2)
    assert (tmp_path / "x.log").stat().st_size <= LOG_BYTES
    assert (tmp_path / "x.log.1").stat().st_size <= LOG_BYTES
