"""The simulation behaves as queues do, and the page has the tables that it prints."""

import pytest
from benchmarks.marked_places import with_figures
from benchmarks.scaling import PAGE, PARTS, Fleet, Load, Measured, servers_for, simulate

pytestmark = pytest.mark.unit
SECONDS = 20_000


def test_one_server_waits_as_the_theory_of_queues_says() -> None:
    """Random arrivals, equal work, one device: the mean wait is `busy / (2 (1 - busy))` times the work."""
    load = Load(users=60, photo_s=60 / 0.5, again=0.0)
    came = simulate(load, Fleet(1, images_a_s=1.0, queue=1000), SECONDS)
    assert came.busy == pytest.approx(0.5, abs=0.02)
    assert came.mean_s - 1 == pytest.approx(0.5, rel=0.1)
    assert (came.hits, came.refused) == (0, 0)


def test_what_is_too_much_is_refused_and_comes_back() -> None:
    load = Load(users=120, again=0.0)
    came = simulate(load, Fleet(1, images_a_s=1.0), 500)
    assert came.refused > 0.3
    assert came.busy > 0.95
    assert came.requests == pytest.approx(1000, rel=0.1)  # each is answered in the end


@pytest.mark.parametrize(("kept", "share"), [(10_000, 0.3), (750, 0.15), (1, 0.0)])
def test_a_smaller_cache_has_fewer_of_the_photos_that_come_again(kept: int, share: float) -> None:
    load = Load(users=36, again=0.3, within_s=3600, kept=kept)
    came = simulate(load, Fleet(1, images_a_s=100.0), SECONDS)
    assert load.recent == 1512
    assert came.hits == pytest.approx(share, abs=0.05)


def test_equal_seeds_give_equal_runs() -> None:
    load, fleet = Load(users=600), Fleet(2, images_a_s=8.0)
    assert simulate(load, fleet, 200, seed=3) == simulate(load, fleet, 200, seed=3)
    assert simulate(load, fleet, 200, seed=3) != simulate(load, fleet, 200, seed=4)


def test_another_device_needs_fewer_servers() -> None:
    assert servers_for(Load(1_000), 8.0) == 3
    assert servers_for(Load(1_000), 400.0) == 1
    assert Measured((), 1.0, device=400.0).images_a_s() == 400.0


def test_the_page_has_the_tables_of_the_last_figures() -> None:
    text = PAGE.read_text(encoding="utf-8")
    measured = Measured.last()
    assert [name for name, part in PARTS.items() if f"-->\n{part(measured)}\n<!--" not in text] == []
    assert with_figures(text, measured, PARTS) == text
