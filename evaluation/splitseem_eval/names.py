"""One name for one kind of thing: what annotators of different sets call by different names."""

from splitseem_model.text.names import spoken_name

COMMON_SET = "coco_mini"
"""The set whose classes cover a whole scene: an object that has one of its names is told from all of them,
not only from those of its own set."""

_SAME = {
    "motorbike": "motorcycle",
    "tv monitor": "tv",
    "sofa": "couch",
    "cellphone": "cell phone",
    "pedestrian": "person",
    "person (all garments, skin and hair)": "person",
    "pottedplant": "potted plant",
    "sign symbol": "traffic sign",
    "front left door": "car door",
    "front right door": "car door",
    "back left door": "car door",
    "back right door": "car door",
    "front left light": "car light",
    "front right light": "car light",
    "back left light": "car light",
    "back right light": "car light",
    "left mirror": "car mirror",
    "right mirror": "car mirror",
}


def class_name(label: str) -> str:
    """The class of an annotated label: without its set's suffixes, by its common name."""
    name = spoken_name(label)
    return _SAME.get(name, name)
