"""Image -> packed embedding: one run for each key."""
