"""The prompt decoder as ONNX graphs with a manifest, verified against the torch core."""
