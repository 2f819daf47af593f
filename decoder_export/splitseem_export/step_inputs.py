"""A step's inputs brought to what graphs take: one element of a batch, no empty axis."""

from torch.nn.functional import pad

from splitseem_model.decode.decoder import StepInputs
from splitseem_model.layers.arrays import CLOSED
from splitseem_model.prompt.prompts import PointLabel


def element(inputs: StepInputs, index: int) -> StepInputs:
    """One element of a batch, as a batch of one."""
    one = slice(index, index + 1)
    optional = {
        name: tensor[one]
        for name in ("previous_mask", "text_tokens")
        if (tensor := getattr(inputs, name)) is not None
    }
    return StepInputs(
        point_features=tuple(level[one] for level in inputs.point_features),
        point_coords=inputs.point_coords[one],
        point_labels=inputs.point_labels[one],
        attention_bias=inputs.attention_bias[one],
        **optional,
    )


def with_a_point(inputs: StepInputs) -> StepInputs:
    """The same with a point of padding, which no row sees, where there is no point."""
    if inputs.point_labels.shape[1]:
        return inputs
    return inputs._replace(
        point_features=tuple(pad(level, (0, 0, 0, 1)) for level in inputs.point_features),
        point_coords=pad(inputs.point_coords, (0, 0, 0, 1)),
        point_labels=pad(inputs.point_labels, (0, 1), value=PointLabel.PADDING),
        attention_bias=pad(inputs.attention_bias, (0, 1), value=CLOSED),
    )
