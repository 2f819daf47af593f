"""Image -> embedding."""
