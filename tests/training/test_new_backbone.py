"""A trained model on another backbone begins near to what it could before."""

from dataclasses import replace

import pytest
import torch

from splitseem_model.config import TINY, EfficientNetLiteConfig, ResidualConfig, preset
from splitseem_model.encode.backbones.efficientnet_lite import EfficientNetLite
from splitseem_model.network import SegmentationModel
from splitseem_train.errors import TrainingError
from splitseem_train.losses import MaskTarget, mask_losses
from splitseem_train.start.new_backbone import with_backbone

pytestmark = pytest.mark.unit
LITE = EfficientNetLiteConfig(stem_width=8, widths=(8, 16, 16, 16, 16, 16, 32), depths=(1,) * 7)


def test_layers_that_read_the_backbone_are_fitted_and_the_rest_is_kept() -> None:
    torch.manual_seed(0)
    model = SegmentationModel(TINY).eval()
    backbone = EfficientNetLite(LITE).eval()
    inputs = [torch.randn(1, 3, 64, 64) for _ in range(6)]
    config = replace(TINY, backbone=LITE)
    changed, explained = with_backbone(model, config, backbone.state_dict(), inputs)
    assert all(0 < share <= 1 for share in explained)
    torch.testing.assert_close(changed.decoder.state_dict(), model.decoder.state_dict())
    unfitted = SegmentationModel(config).eval()
    kept = {k: v for k, v in changed.state_dict().items() if "lateral" not in k}
    unfitted.load_state_dict(kept, strict=False)
    with torch.no_grad():
        errors = [
            sum(float((m.encode(x)[0] - model.encode(x)[0]).square().mean()) for x in inputs)
            for m in (changed, unfitted)
        ]
    assert errors[0] < 0.7 * errors[1]


def test_a_branch_for_detail_begins_as_the_former_backbone_did() -> None:
    torch.manual_seed(0)
    model = SegmentationModel(replace(TINY, backbone=ResidualConfig((8, 16, 16, 32), (2, 1, 1, 1)))).eval()
    backbone = EfficientNetLite(LITE).eval()
    inputs = [torch.randn(1, 3, 64, 64) for _ in range(3)]
    config = replace(TINY, backbone=replace(LITE, detail=8))
    _, explained = with_backbone(model, config, backbone.state_dict(), inputs)
    assert explained[0] > 0.98  # of the lateral map at stride 4
    assert explained[0] > explained[1]


def test_a_model_with_another_pixel_decoder_is_refused() -> None:
    small = replace(preset("focalt-v1"), text=None)
    with pytest.raises(TrainingError, match="another pixel decoder"):
        with_backbone(SegmentationModel(small), small, {}, [])


def test_focus_makes_wrong_cells_count_more_and_keeps_their_sum() -> None:
    logits = torch.tensor([[[4.0, 4.0, -4.0, -4.0]]])
    target = MaskTarget(torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]), torch.ones(1, 2, 2))
    (plain, dice), (focused, same) = mask_losses(logits, target), mask_losses(logits, target, focus=2.0)
    assert focused > 3 * plain  # of four cells one is wrong, and now counts nearly four times
    assert focused < 4 * plain * 1.01
    torch.testing.assert_close(dice, same)
