"""What is told of a GPU's memory comes from the allocator of torch; a CPU has none."""

from types import SimpleNamespace

import pytest
import torch

from splitseem_model.encode.device_memory import DeviceMemory, device_memory

pytestmark = pytest.mark.unit


def test_a_cpu_has_no_memory_of_its_own() -> None:
    assert device_memory(torch.device("cpu")) is None


@pytest.mark.parametrize(("name", "index"), [("cuda", 3), ("cuda:0", 0), ("cuda:1", 1)])
def test_figures_are_those_of_the_allocator(monkeypatch: pytest.MonkeyPatch, name: str, index: int) -> None:
    figures = {
        "allocated_bytes.all.current": 10 + index,
        "reserved_bytes.all.current": 20,
        "allocated_bytes.all.peak": 15,
    }
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 3)
    monkeypatch.setattr(torch.cuda, "memory_stats", {index: figures}.__getitem__)
    properties = {index: SimpleNamespace(total_memory=100)}
    monkeypatch.setattr(torch.cuda, "get_device_properties", properties.__getitem__)
    assert device_memory(torch.device(name)) == DeviceMemory(f"cuda:{index}", 10 + index, 20, 15, 100)


def test_a_device_that_was_not_used_yet_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "memory_stats", lambda index: {})
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(total_memory=100))
    assert device_memory(torch.device("cuda:0")) == DeviceMemory("cuda:0", 0, 0, 0, 100)
