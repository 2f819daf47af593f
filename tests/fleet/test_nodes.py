"""A node that is killed loses no image, and what was made is not made again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import ray
import ray.cloudpickle
from ray.cluster_utils import Cluster

from splitseem_ray.dataset import Workers, embed_images
from splitseem_ray.index import Index
from splitseem_ray.sources import addresses
from splitseem_ray.worker import EmbedImages, Wish, load_encoder, making_of

pytestmark = [pytest.mark.slow]

IMAGES = 500
WISH = Wish("nano", canvas=64)
WORKERS = Workers(count=2, batch=8)
IN_FLIGHT = 2 * WORKERS.count * WORKERS.batch
"""A worker has a batch, and one that waits."""

ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Counting(EmbedImages):
    """Writes down the key of each embedding that it makes."""

    def _write(self, name: str, data: bytes) -> None:
        super()._write(name, data)
        with (Path(self._root) / "log").open("a") as log:
            log.write(f"{name} {ray.get_runtime_context().get_node_id()}\n")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A head and two nodes, a core each."""
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(2):
        made.add_node(num_cpus=1)
    ray.init(made.address, log_to_driver=False)
    made.wait_for_nodes()
    yield made
    ray.shutdown()
    made.shutdown()


def test_a_killed_node_loses_no_image_and_little_is_made_twice(
    cluster: Cluster, photos: Callable[[int], Path], tmp_path: Path
) -> None:
    images = addresses(str(photos(IMAGES)))
    out = tmp_path / "out"
    out.mkdir()
    killed: list[str] = []

    def kill(made: int, failed: int) -> None:
        if made < IMAGES // 5 or killed:
            return
        at_work = Counter(line.split()[1] for line in (out / "log").read_text().splitlines())
        node = next(node for node in cluster.worker_nodes if node.node_id in at_work)
        killed.append(node.node_id)
        cluster.remove_node(node, allow_graceful=False)

    outcome = embed_images(images, str(out), WISH, WORKERS, told=kill, work=Counting)
    assert killed
    assert outcome.failed == []
    assert outcome.made == IMAGES
    made = Counter(line.split()[0] for line in (out / "log").read_text().splitlines())
    assert len(made) == len(list(out.glob("embeddings/*/*.splitseem"))) == IMAGES
    assert made.total() - IMAGES <= IN_FLIGHT
    assert Index(str(out)).done(making_of(load_encoder(WISH), WISH)) == set(images)
