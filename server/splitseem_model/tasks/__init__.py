"""What a model finds in an image without a prompt: panoptic, semantic and instance segmentation."""
