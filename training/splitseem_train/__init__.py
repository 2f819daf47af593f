"""Training and evaluation: data, losses, the training loop, and the field's own measurements."""
