"""A step's inputs brought to what graphs take: one element of a batch, no empty axis."""

from torch.nn.functional import pad

from splitseem_model.decode.decoder import StepInputs
from splitseem_model.layers.attention import CLOSED
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


def with_a_text(inputs: StepInputs) -> StepInputs:
    """The same with a text row that sees itself and that no other row sees, where there is no text."""
    if inputs.text_tokens is not None:
        return inputs
    rows, columns = inputs.attention_bias.shape[1:]
    bias = inputs.attention_bias.new_full((len(inputs.attention_bias), rows + 1, columns + 1), CLOSED)
    bias[:, :rows, :rows] = inputs.attention_bias[:, :, :rows]
    bias[:, :rows, rows + 1 :] = inputs.attention_bias[:, :, rows:]
    bias[:, rows, rows] = 0.0
    width = inputs.point_features[0].shape[2]
    tokens = inputs.point_features[0].new_zeros(len(bias), 1, width)
    return inputs._replace(attention_bias=bias, text_tokens=tokens)
