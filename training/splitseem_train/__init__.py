"""Training: crops, tasks, losses, the loop, and the release of weights. `splitseem_eval` measures them."""
