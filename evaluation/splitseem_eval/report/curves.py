"""Values against clicks, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 48, 150, 16, 44
"""Margins in the units of the picture; names of the curves stand in the right one."""
LABEL_GAP = 16
"""Least distance of the names of two curves."""


def click_curves(title: str, curves: Mapping[str, Sequence[float]]) -> str:
    """An SVG element: a curve for each name, its values after click 1, 2, and so on, 0..1.

    Curve k has the class `curve{k}`, so that the page gives it its colour.
    """
    clicks = max(len(values) for values in curves.values())
    low = min(int(min(min(values) for values in curves.values()) * 10), 9) / 10
    frame = _Frame(clicks, low)
    drawn = [frame.curve(k, name, values) for k, (name, values) in enumerate(curves.items())]
    names = frame.names({name: values[-1] for name, values in curves.items()})
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(title)}: {escape(", ".join(curves))}">'
        f"{frame.grid()}{''.join(drawn)}{names}</svg>"
    )


class _Frame:
    """Where clicks and values are in the picture."""

    def __init__(self, clicks: int, low: float) -> None:
        self._clicks, self._low = clicks, low

    def x(self, click: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (click - 1) / max(self._clicks - 1, 1)

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value) / (1 - self._low)

    def grid(self) -> str:
        levels = [tenth / 10 for tenth in range(round(self._low * 10), 11)]
        lines = [
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.y(v):.1f}" y2="{self.y(v):.1f}"/>'
            f'<text x="{LEFT - 8}" y="{self.y(v) + 4:.1f}" text-anchor="end">{v:.1f}</text>'
            for v in levels
        ]
        every = 1 if self._clicks <= 10 else 2
        ticks = [
            f'<text x="{self.x(click):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{click}</text>'
            for click in range(1, self._clicks + 1)
            if click == 1 or click % every == 0
        ]
        middle = (LEFT + WIDTH - RIGHT) / 2
        return (
            "".join(lines + ticks) + f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">clicks</text>'
        )

    def curve(self, number: int, name: str, values: Sequence[float]) -> str:
        places = [(self.x(click), self.y(value)) for click, value in enumerate(values, start=1)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dots = "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5">'
            f"<title>{escape(name)}, click {click}: {value:.3f}</title></circle>"
            for click, ((x, y), value) in enumerate(zip(places, values, strict=True), start=1)
        )
        return f'<g class="curve{number}"><polyline points="{line}"/>{dots}</g>'

    def names(self, last: Mapping[str, float]) -> str:
        """The names at the ends of their curves, moved apart where these meet."""
        numbers = {name: number for number, name in enumerate(last)}
        texts, above = [], -float(LABEL_GAP)
        for name, value in sorted(last.items(), key=lambda entry: -entry[1]):
            above = max(self.y(value), above + LABEL_GAP)
            texts.append(
                f'<text class="name curve{numbers[name]}" x="{WIDTH - RIGHT + 10}" y="{above + 4:.1f}">'
                f"{escape(name)}</text>"
            )
        return "".join(texts)
