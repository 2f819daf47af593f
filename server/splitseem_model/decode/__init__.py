"""The prompt decoder: per image, then per step."""
