"""The prompt decoder as two ONNX graphs with a manifest, equal to the torch core by proof."""
