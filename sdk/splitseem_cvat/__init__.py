"""Functions for CVAT: `cvat-cli` runs `detection` on tasks and `interaction` as an agent, nuclio `nuclio`.

All of them ask a splitseem server. Needs cvat-sdk, and `splitseem[decode]`.
"""
