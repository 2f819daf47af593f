"""The prompt decoder as two ONNX graphs with a manifest, proven equal to the torch core before a file is written."""
