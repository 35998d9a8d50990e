"""What the clocks promise."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from loyalty.adapters.clock import FileClock, SystemClock, VirtualClock, clock_from

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def test_the_system_clock_shows_the_present_in_utc():
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)
    assert SystemClock().now().tzinfo is UTC


def test_a_virtual_clock_stands_still():
    clock = VirtualClock(NOON)
    assert clock.now() == clock.now() == NOON


def test_a_virtual_clock_shows_utc():
    assert VirtualClock(datetime.fromisoformat("2025-03-01T17:45+05:45")).now().tzinfo is UTC


def test_a_virtual_clock_advances():
    clock = VirtualClock(NOON)
    assert clock.advance(timedelta(hours=1)) == clock.now() == NOON.replace(hour=13)


def test_a_virtual_clock_does_not_advance_backwards():
    with pytest.raises(ValueError, match="back"):
        VirtualClock(NOON).advance(timedelta(seconds=-1))


def test_a_virtual_clock_goes_back_only_when_told():
    clock = VirtualClock(NOON)
    with pytest.raises(ValueError, match="is before"):
        clock.set(NOON - timedelta(days=1))
    clock.set(NOON - timedelta(days=1), back=True)
    assert clock.now() == NOON - timedelta(days=1)


def test_threads_that_advance_a_clock_lose_no_step():
    clock = VirtualClock(NOON)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(400):
            pool.submit(clock.advance, timedelta(seconds=1))
    assert clock.now() == NOON + timedelta(seconds=400)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        VirtualClock(NOON.replace(tzinfo=None))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "clock"
    path.write_text("2025-03-01T12:00:00Z\n")
    return path


def test_a_file_clock_follows_its_file(path):
    clock = FileClock(path)
    assert clock.now() == NOON
    path.write_text("2025-03-02T12:00:00Z")
    assert clock.now() == NOON + timedelta(days=1)


def test_every_move_of_a_file_clock_is_seen_by_the_others(path):
    mine, other = FileClock(path), FileClock(path)
    for hour in range(24):
        mine.set(NOON.replace(hour=hour))
        assert other.now() == NOON.replace(hour=hour)


def test_a_half_written_file_does_not_move_the_clock(path):
    clock = FileClock(path)
    path.write_text("2025-03-0")
    assert clock.now() == NOON
    path.write_text("2025-03-02T12:00:00Z")
    assert clock.now() == NOON + timedelta(days=1)


def test_a_file_clock_needs_an_instant_to_start_with(path):
    path.write_text("tomorrow")
    with pytest.raises(ValueError, match="tomorrow"):
        FileClock(path)


def test_system_names_the_system_clock():
    assert isinstance(clock_from("system"), SystemClock)


def test_virtual_with_an_instant_names_a_clock_at_that_instant():
    assert clock_from("virtual:2025-03-01T12:00:00Z").now() == NOON


def test_virtual_with_a_path_names_a_file_clock(path):
    assert clock_from(f"virtual:{path}").now() == NOON


def test_a_missing_clock_file_is_told_at_once(tmp_path):
    with pytest.raises(ValueError, match="a file that holds one"):
        clock_from(f"virtual:{tmp_path / 'none'}")


@pytest.mark.parametrize("text", ["", "real", "virtual", "virtual:", "system:now"])
def test_any_other_text_is_refused_with_the_choices(text):
    with pytest.raises(ValueError, match="`system`"):
        clock_from(text)
