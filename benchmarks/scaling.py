"""What a service of some size needs: arithmetic from measured figures, and a simulation.

python -m benchmarks.scaling                     # print the tables, and write them into docs/scaling.md
python -m benchmarks.scaling --images-a-s 400    # for another device, or with other prices; writes nothing

`python -m benchmarks.scaling_measure` measures what they are made of. Times are seconds, sizes bytes, rates a
second. The standard library is enough.
"""

import argparse
import heapq
import json
import math
import random
import statistics
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.marked_places import ROOT, with_figures

PAGE = ROOT / "docs" / "scaling.md"
RESULTS = Path(__file__).parent / "results"
FILES = ("scaling.json", "service.json")
USERS = (10, 1_000, 100_000)
CANVAS = 384
"""Of nano, unless asked otherwise."""
CODEC = "uint8"
BUSY = 0.7
"""Of its time a device works, at most: what comes in bursts waits little then."""
SCARCE = 0.6
"""Of the servers that are enough, in the second row of the simulation."""
REDIS_BYTES = 8_000_000_000
FEWEST_REQUESTS = 5_000
SHORTEST_S = 60.0
"""Of a simulation, whichever is longer."""
MILLION = 1_000_000
HOUR_S = 3600
MONTH_S = 22 * 8 * HOUR_S
"""Of working hours."""
DAYS_A_MONTH = 30


@dataclass(frozen=True)
class Load:
    """What users do.

    Attributes:
        users: people who annotate at the same time.
        photo_s: mean seconds that each of them spends on a photo.
        again: share of the photos that somebody opened first within the last `within_s`; the others are new.
        kept: embeddings that the cache holds.
    """

    users: int
    photo_s: float = 60.0
    again: float = 0.3
    within_s: float = 3600.0
    kept: int = 10_000

    @property
    def photos_a_s(self) -> float:
        """All that are opened."""
        return self.users / self.photo_s

    @property
    def recent(self) -> int:
        """Photos that were new within `within_s`."""
        return max(1, round(self.photos_a_s * (1 - self.again) * self.within_s))

    @property
    def encoded_a_s(self) -> float:
        """Those that the cache does not hold."""
        return self.photos_a_s * (1 - self.again * min(1.0, self.kept / self.recent))


@dataclass(frozen=True)
class Fleet:
    """Servers that share a cache, each with one device.

    Attributes:
        images_a_s: what one device encodes.
        hit_s: what an answer from the cache takes; it waits for no device.
        queue: images that may wait at each server; what comes beyond is refused and comes back.
    """

    servers: int
    images_a_s: float
    hit_s: float = 0.004
    queue: int = 16


@dataclass(frozen=True)
class Outcome:
    """Of a simulation: shares from 0 to 1, seconds from the first try to the answer. Devices are busy for a
    share of the time in which photos come."""

    requests: int
    hits: float
    refused: float
    busy: float
    mean_s: float
    median_s: float
    p95_s: float


RETRY_S = 2.0
LONGEST_RETRY = 8
"""A refused client waits that long, more or less, and twice as long each time, up to eight times."""


def simulate(load: Load, fleet: Fleet, seconds: float, seed: int = 1) -> Outcome:
    """Photos come at random moments, each goes to the server with the shortest queue."""
    draw = random.Random(seed)
    work = 1 / fleet.images_a_s
    servers = [(0.0, server) for server in range(fleet.servers)]
    cache = _Kept(load, draw)
    took: list[float] = []
    hits = refused = tries = 0
    worked = 0.0
    events = [(at, at, 0) for at in _arrivals(load.photos_a_s, seconds, draw)]
    while events:
        now, began, count = heapq.heappop(events)
        if count == 0 and cache.opens():
            hits += 1
            took.append(fleet.hit_s)
            continue
        tries += 1
        free_at, server = servers[0]
        if free_at - now > (fleet.queue + 1) * work:
            refused += 1
            wait = RETRY_S * min(2**count, LONGEST_RETRY) * draw.uniform(0.5, 1.5)
            heapq.heappush(events, (now + wait, began, count + 1))
            continue
        begins = max(free_at, now)
        heapq.heapreplace(servers, (begins + work, server))
        worked += max(min(seconds - begins, work), 0.0)
        took.append(begins + work - began)
    return Outcome(
        requests=len(took),
        hits=hits / max(len(took), 1),
        refused=refused / max(tries, 1),
        busy=worked / (seconds * fleet.servers),
        mean_s=statistics.fmean(took),
        median_s=statistics.median(took),
        p95_s=statistics.quantiles(took, n=20)[-1],
    )


def _arrivals(rate: float, seconds: float, draw: random.Random) -> Iterator[float]:
    at = draw.expovariate(rate)
    while at < seconds:
        yield at
        at += draw.expovariate(rate)


class _Kept:
    """The photos that a cache holds, the one used last is last; full from the start."""

    def __init__(self, load: Load, draw: random.Random) -> None:
        self._load, self._draw = load, draw
        self._newest = load.recent
        first = max(self._newest - load.kept, 0)
        self._photos = OrderedDict.fromkeys(range(first + 1, self._newest + 1))

    def opens(self) -> bool:
        """Whether the next photo is a hit."""
        if self._draw.random() < self._load.again:
            photo = self._newest - self._draw.randrange(self._load.recent)
        else:
            self._newest += 1
            photo = self._newest
        hit = photo in self._photos
        self._photos[photo] = None
        self._photos.move_to_end(photo)
        if len(self._photos) > self._load.kept:
            self._photos.popitem(last=False)
        return hit


@dataclass(frozen=True)
class Prices:
    """In any currency. The defaults are assumptions, of the size that clouds ask for.

    Attributes:
        server_hour: of one server. memory_month, storage_month: of a GB in Redis and in object storage.
    """

    server_hour: float = 0.04
    memory_month: float = 3.0
    storage_month: float = 0.02


@dataclass(frozen=True)
class Measured:
    """What `scaling_measure.py` and `service.py` found, and the device that is calculated with.

    Attributes:
        images: rows of canvas, codec, bytes, redis_bytes, cpu_ms on one thread.
        share: of what the bare encoder does, what the service answers.
        device: images a second of another device; None: one thread of the machine that measured.
    """

    images: tuple[Mapping[str, Any], ...]
    share: float
    device: float | None = None
    prices: Prices = Prices()

    @classmethod
    def last(cls, device: float | None = None, prices: Prices = Prices()) -> "Measured":
        """Of the last runs."""
        rows, service = (json.loads((RESULTS / name).read_text("utf-8"))["rows"] for name in FILES)
        share = next(row["value"] for row in service if row["what"] == "share")
        return cls(tuple(rows), min(share, 1.0), device, prices)

    def image(self, canvas: int = CANVAS, codec: str = CODEC) -> Mapping[str, Any]:
        """The row of an image."""
        return next(row for row in self.images if (row["canvas"], row["codec"]) == (canvas, codec))

    def images_a_s(self, canvas: int = CANVAS) -> float:
        """Of one server, as a service."""
        return self.device or self.share * 1000 / float(self.image(canvas)["cpu_ms"])


def servers_for(load: Load, images_a_s: float) -> int:
    """So that each is busy for `BUSY` of its time."""
    return max(1, math.ceil(load.encoded_a_s / (images_a_s * BUSY)))


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (titles, ("---",) * len(titles), *rows)).replace(
        "| --- ", "|---"
    )


def _sizes(measured: Measured) -> str:
    titles = ("canvas", "codec", "MB as sent", "MB in Redis", "ms of a processor", "images a second")
    return _table(
        titles,
        [
            (
                str(row["canvas"]),
                row["codec"],
                f"{row['bytes'] / 1e6:.2f}",
                f"{row['redis_bytes'] / 1e6:.2f}",
                f"{row['cpu_ms']:.0f}",
                f"{1000 / row['cpu_ms']:.1f}",
            )
            for row in measured.images
        ],
    )


def _loads(measured: Measured) -> list[Load]:
    kept = round(REDIS_BYTES / measured.image()["redis_bytes"])
    return [Load(users, kept=kept) for users in USERS]


def _needs(measured: Measured) -> str:
    titles = ("users", "photos a second", "encoded", "servers", "answers, Gbit/s", "Redis for an hour, GB")
    image, rate = measured.image(), measured.images_a_s()
    rows = []
    for load in _loads(measured):
        new = load.photos_a_s * (1 - load.again)
        rows.append(
            (
                f"{load.users:,}",
                _short(load.photos_a_s),
                _short(load.encoded_a_s),
                f"{servers_for(load, rate):,}",
                _short(load.photos_a_s * image["bytes"] * 8 / 1e9),
                _short(new * HOUR_S * image["redis_bytes"] / 1e9),
                _short(new * MONTH_S * image["bytes"] / 1e12),
            )
        )
    return _table((*titles, "files of a month, TB"), rows)


def _simulated(measured: Measured) -> str:
    titles = ("users", "servers", "minutes", "from the cache", "busy", "tries refused", "seconds, median")
    rate = measured.images_a_s()
    rows = []
    for load in _loads(measured):
        enough = servers_for(load, rate)
        seconds = max(FEWEST_REQUESTS / load.photos_a_s, SHORTEST_S)
        for servers in sorted({enough, max(1, math.floor(enough * SCARCE))}, reverse=True):
            came = simulate(load, Fleet(servers, rate), seconds)
            shares = [f"{100 * share:.0f} %" for share in (came.hits, came.busy, came.refused)]
            times = f"{came.median_s:.2f}", f"{came.p95_s:.2f}"
            rows.append((f"{load.users:,}", f"{servers:,}", f"{seconds / 60:,.0f}", *shares, *times))
    return _table((*titles, "95th percentile"), rows)


def _million(measured: Measured) -> str:
    titles = ("canvas", "hours of one server", "TB as files", "TB in Redis", "price of encoding")
    rows = []
    for canvas in _canvases(measured):
        image, costs = measured.image(canvas), _costs(measured, canvas)
        hours = MILLION / measured.images_a_s(canvas) / HOUR_S
        sizes = (f"{MILLION * image[size] / 1e12:.2f}" for size in ("bytes", "redis_bytes"))
        prices = (_short(MILLION * cost) for cost in (costs.encoding, costs.stored, costs.remembered))
        rows.append((str(canvas), f"{hours:,.0f}", *sizes, *prices))
    return _table((*titles, "of a month as files", "of a month in Redis"), rows)


def _keeping(measured: Measured) -> str:
    titles = ("canvas", "in Redis, minutes", "in object storage, days")
    rows = []
    for canvas in _canvases(measured):
        costs = _costs(measured, canvas)
        minutes = costs.encoding / costs.remembered * DAYS_A_MONTH * 24 * 60
        days = costs.encoding / costs.stored * DAYS_A_MONTH
        rows.append((str(canvas), _short(minutes), _short(days)))
    return _table(titles, rows)


def _canvases(measured: Measured) -> list[int]:
    return sorted({int(row["canvas"]) for row in measured.images})


@dataclass(frozen=True)
class _Costs:
    """Of one image: of encoding it, of a month in Redis, of a month in object storage."""

    encoding: float
    remembered: float
    stored: float


def _costs(measured: Measured, canvas: int) -> _Costs:
    image, prices = measured.image(canvas), measured.prices
    return _Costs(
        prices.server_hour / HOUR_S / measured.images_a_s(canvas),
        prices.memory_month * image["redis_bytes"] / 1e9,
        prices.storage_month * image["bytes"] / 1e9,
    )


def _short(value: float) -> str:
    """Two digits at least that count."""
    digits = max(0, 1 - math.floor(math.log10(value)))
    return f"{value:,.{min(digits, 4)}f}"


PARTS: Mapping[str, Callable[[Measured], str]] = {
    "sizes": _sizes,
    "needs": _needs,
    "simulated": _simulated,
    "keeping": _keeping,
    "million": _million,
}
"""What stands in a marked place, by its name."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--images-a-s", type=float, help="Of another device, as `make bench-gpu` prints them."
    )
    for price in fields(Prices):
        name = f"--{price.name.replace('_', '-')}"
        parser.add_argument(name, type=float, default=price.default, help="price, %(default)s")
    options = parser.parse_args()
    prices = Prices(options.server_hour, options.memory_month, options.storage_month)
    measured = Measured.last(options.images_a_s, prices)
    for name, part in PARTS.items():
        print(f"{name}\n{part(measured)}\n")
    if measured == Measured.last():
        PAGE.write_text(with_figures(PAGE.read_text("utf-8"), measured, PARTS), encoding="utf-8")


if __name__ == "__main__":
    main()
