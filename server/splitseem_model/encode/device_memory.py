"""What this process holds of a GPU's memory."""

from typing import NamedTuple

import torch


class DeviceMemory(NamedTuple):
    """Bytes of one device.

    Args:
        device: its name, such as `cuda:0`.
        allocated: in tensors.
        reserved: taken from the device, for tensors now and later.
        peak: the most that tensors ever had.
        total: that the device has, for all processes.
    """

    device: str
    allocated: int
    reserved: int
    peak: int
    total: int


def device_memory(device: torch.device) -> DeviceMemory | None:
    """What is held of a device; None of a CPU, whose memory the system counts."""
    if device.type != "cuda":
        return None
    index = torch.cuda.current_device() if device.index is None else device.index
    held = torch.cuda.memory_stats(index)
    return DeviceMemory(
        f"cuda:{index}",
        allocated=held.get("allocated_bytes.all.current", 0),
        reserved=held.get("reserved_bytes.all.current", 0),
        peak=held.get("allocated_bytes.all.peak", 0),
        total=torch.cuda.get_device_properties(index).total_memory,
    )
