"""The class names of the official models: COCO's 80 things, its 53 kinds of stuff, and everything else.

Source: COCO (arXiv 1405.0312) and its panoptic task (arXiv 1801.00868), in the order of detectron2.
"""

NUM_THINGS = 80

_THINGS = """\
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign,
parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella,
handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove,
skateboard, surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple,
sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, dining
table, toilet, tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink,
refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush"""

_STUFF = """\
banner, blanket, bridge, cardboard, counter, curtain, door-stuff, floor-wood, flower, fruit, gravel, house,
light, mirror-stuff, net, pillow, platform, playingfield, railroad, river, road, roof, sand, sea, shelf,
snow, stairs, tent, towel, wall-brick, wall-stone, wall-tile, wall-wood, water-other, window-blind,
window-other, tree-merged, fence-merged, ceiling-merged, sky-other-merged, cabinet-merged, table-merged,
floor-other-merged, pavement-merged, mountain-merged, grass-merged, dirt-merged, paper-merged,
food-other-merged, building-other-merged, rock-merged, wall-other-merged, rug-merged"""

COCO_PANOPTIC: tuple[str, ...] = tuple(
    " ".join(name.split()) for block in (_THINGS, _STUFF) for name in block.split(",")
)
BACKGROUND = "background"

OFFICIAL_VOCABULARY: tuple[str, ...] = (*COCO_PANOPTIC, BACKGROUND)
"""134 names, the rows of an official model's class matrix."""
