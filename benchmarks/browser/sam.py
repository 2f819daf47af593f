"""SAM's prompt encoder and mask decoder as one ONNX graph, in the shape of its official export.

The classes are those of `transformers`; weights are drawn, since time depends on the sizes alone. Inputs are
an image embedding `[1, 256, 64, 64]` and points in the pixels of a canvas of 1024; outputs one mask
`[1, 1, 256, 256]` and its score. Unlike the official export there is no mask input and no resize to the
original image, which makes this peer a little quicker than that.
"""

import io
import warnings
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

EMBEDDING_SHAPE = (1, 256, 64, 64)
MASK_SHAPE = (1, 1, 256, 256)
POINTS = 2
"""A click, and the padding point that the official export wants beside it."""


class SamClick(nn.Module):
    """What SAM computes for one click, given the embedding of an image."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import SamConfig, SamModel

        # The default configuration is ViT-B's; its image encoder is not used.
        model = SamModel(SamConfig(vision_config={"num_hidden_layers": 1})).eval()
        self.prompt_encoder, self.mask_decoder = model.prompt_encoder, model.mask_decoder
        with torch.no_grad():
            positions = model.get_image_wide_positional_embeddings()
        self.register_buffer("positions", positions)

    def forward(self, image_embeddings: Tensor, points: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """image_embeddings `[1, 256, 64, 64]`, points `[1, 1, P, 2]`, labels `[1, 1, P]` int64."""
        sparse, dense = self.prompt_encoder(points, labels, None, None)
        masks, scores = self.mask_decoder(
            image_embeddings=image_embeddings,
            image_positional_embeddings=self.positions,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
        )
        return masks[:, 0], scores[:, 0]


def export_sam(fp32: Path, int8: Path) -> None:
    """Write the graph, and the same with weights of eight bits as ONNX Runtime's own tool makes them."""
    torch.manual_seed(0)
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's, as in splitseem_export.graphs
        torch.onnx.export(
            SamClick().eval(),
            (
                torch.randn(EMBEDDING_SHAPE),
                torch.full((1, 1, POINTS - 1, 2), 500.0),
                torch.ones(1, 1, POINTS - 1, dtype=torch.int64),
            ),
            buffer,  # type: ignore[arg-type]
            input_names=["image_embeddings", "points", "labels"],
            output_names=["mask", "score"],
            dynamic_axes={"points": {2: "points"}, "labels": {2: "points"}},
            opset_version=17,
            dynamo=False,
        )
    fp32.write_bytes(buffer.getvalue())
    onnx.checker.check_model(onnx.load(fp32))
    quantize_dynamic(fp32, int8, weight_type=QuantType.QUInt8)
