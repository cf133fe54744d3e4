"""Draw the house from its imports, and count what the contracts promise.

``python docs/house.py`` prints the numbers, and writes them into CONTRIBUTING.md and ``docs/_static/house.svg``. A box
is a door or a wing, with its number of modules; a line is an import from the upper to the lower one (those that follow
from others are left out).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1] / "statmodels_x"
PICTURE = Path(__file__).parent / "_static" / "house.svg"
PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
BEGIN, END = "<!-- numbers: made by docs/house.py -->", "<!-- end of numbers -->"
ROOMS = ("survival", "surrogate", "discontinuity", "population", "multistate")
COLUMN, BOX, ROW, GAP = 272, 21, 42, 6

Graph = dict[str, set[str]]


def imports() -> Graph:
    """Return module -> modules that it imports, anywhere in it, for types too; names without the package's."""
    found = grimp.build_graph("statmodels_x", exclude_type_checking_imports=False, cache_dir=None)
    strip = len("statmodels_x.")
    return {
        module[strip:]: {name[strip:] for name in found.find_modules_directly_imported_by(module)}
        for module in found.modules
        if module != "statmodels_x"  # the list of public names, which knows all
    }


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Return groups of modules that import each other, straight or by way of others."""
    below = {node: _reached(node, graph) for node in graph}
    groups = {
        frozenset({node} | {other for other in below[node] if node in below.get(other, ())}) for node in graph
    }
    return [set(group) for group in groups if len(group) > 1]


def _reached(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += graph.get(node, ())
    return seen


def folders() -> dict[str, int]:
    """Return folder -> number of modules in it, its own __init__ not counted; the largest first."""
    count: dict[str, int] = defaultdict(int)
    for path in ROOT.rglob("*.py"):
        count[str(path.parent.relative_to(ROOT.parent))] += path.name != "__init__.py"
    return dict(sorted(count.items(), key=lambda item: -item[1]))


def lengths() -> dict[str, int]:
    """Return module -> number of lines; the longest first."""
    lines = {
        str(path.relative_to(ROOT.parent)): len(path.read_text().splitlines()) for path in ROOT.rglob("*.py")
    }
    return dict(sorted(lines.items(), key=lambda item: -item[1]))


# ---- the drawing


def merged(graph: Graph, place: Callable[[str], str | None]) -> Graph:
    """Return the graph of what modules are parts of; None leaves a module out."""
    whole: Graph = defaultdict(set)
    for module, used in graph.items():
        home = place(module)
        if home is not None:
            whole[home] |= {other for other in map(place, used) if other not in (None, home)}
    return dict(whole)


def levels(graph: Graph) -> list[list[str]]:
    """Return rows of nodes: each as high as the longest chain of imports below it; the top first."""
    height: dict[str, int] = {}

    def of(node: str) -> int:
        if node not in height:
            height[node] = 0  # ends a circle, if there were one
            height[node] = 1 + max((of(other) for other in graph[node]), default=0)
        return height[node]

    rows: dict[int, list[str]] = defaultdict(list)
    for node in sorted(graph):
        rows[of(node)].append(node)
    return [rows[level] for level in sorted(rows, reverse=True)]


def needed(graph: Graph) -> Iterator[tuple[str, str]]:
    """Yield edges that do not follow from a chain of others."""
    below = {node: _reached(node, graph) for node in graph}
    for node, used in graph.items():
        for other in used:
            if not any(other in below[between] for between in used - {other}):
                yield node, other


def part_of(room: str) -> Callable[[str], str | None]:
    """Return the place of a module within a room: its door or wing."""
    return lambda module: module.split(".")[1] if module.startswith(f"{room}.") else None


class Drawing:
    """An SVG that grows downwards."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.bottom = 0.0

    def stack(
        self, title: str, graph: Graph, sizes: Mapping[str, int], x: float, y: float, wide: float
    ) -> float:
        """Draw a part of the house in a column; return where it ends."""
        self.parts.append(f'<text class="room" x="{x + wide / 2}" y="{y}">{escape(title)}</text>')
        centre: dict[str, tuple[float, float]] = {}
        for row in levels(graph):
            y += ROW / 2 if not centre else ROW
            step = wide / len(row)
            for k, name in enumerate(row):
                centre[name] = (x + (k + 0.5) * step, y)
        lines = (
            _line(centre[a][0], centre[a][1] + BOX / 2, centre[b][0], centre[b][1] - BOX / 2)
            for a, b in sorted(needed(graph))
        )
        self.parts += [*lines, *self._boxes(centre, sizes, levels(graph), wide)]
        self.bottom = max(self.bottom, y + BOX)
        return y + BOX

    @staticmethod
    def _boxes(
        centre: Mapping[str, tuple[float, float]],
        sizes: Mapping[str, int],
        rows: Iterable[list[str]],
        wide: float,
    ) -> Iterator[str]:
        for row in rows:
            width = min(wide / len(row) - GAP, 118.0)
            for name in row:
                x, y = centre[name]
                kind = "wing" if sizes[name] > 1 else "door"
                label = f"{name} {sizes[name]}" if sizes[name] > 1 else name
                corner = f'x="{x - width / 2}" y="{y - BOX / 2}"'
                yield (
                    f'<rect class="{kind}" {corner} width="{width}" height="{BOX}" rx="3"/>'
                    f'<text x="{x}" y="{y + 4}" textLength="{min(width - 6, 6.1 * len(label)):.0f}" '
                    f'lengthAdjust="spacingAndGlyphs">{escape(label)}</text>'
                )

    def text(self, width: float) -> str:
        """Return the whole picture."""
        style = (
            "text{font:11px sans-serif;text-anchor:middle;fill:#222}.room{font-size:15px;font-weight:bold;fill:#0072B2}"
            "rect{stroke:#0072B2}.door{fill:#fff}.wing{fill:#d6eaf6}line{stroke:#999;stroke-width:.8}"
        )
        height = self.bottom + 10
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img"><title>The rooms of the package over core</title><style>{style}</style>'
            f'<rect width="{width}" height="{height}" fill="#fff" stroke="none"/>'
            + "\n".join(self.parts)
            + "</svg>\n"
        )


def draw(graph: Graph) -> str:
    """Draw the four rooms side by side over core."""
    drawing, ends, width = Drawing(), [], COLUMN * len(ROOMS)
    for k, room in enumerate(ROOMS):
        place = part_of(room)
        ends.append(
            drawing.stack(room, merged(graph, place), _sizes(graph, place), k * COLUMN + 8, 24, COLUMN - 16)
        )
    y = max(ends) + 34
    for k, end in enumerate(ends):
        x = (k + 0.5) * COLUMN
        drawing.parts.append(_line(x, end, x, y - 15, ' stroke-dasharray="4 3"'))
    place = part_of("core")
    drawing.stack("core", merged(graph, place), _sizes(graph, place), width * 0.2, y, width * 0.6)
    return drawing.text(width)


def _line(x1: float, y1: float, x2: float, y2: float, more: str = "") -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"{more}/>'


def _sizes(graph: Graph, place: Callable[[str], str | None]) -> dict[str, int]:
    count: dict[str, int] = defaultdict(int)
    for module in graph:
        home = place(module)
        if home is not None and not any(
            other.startswith(f"{module}.") for other in graph
        ):  # packages hold modules
            count[home] += 1
    return count


def numbers(graph: Graph) -> str:
    """Return what the contracts promise, counted."""
    (folder, most), (module, longest) = next(iter(folders().items())), next(iter(lengths().items()))
    return (
        f"- modules: {len(lengths())}, lines: {sum(lengths().values())}\n"
        f"- import circles, types counted: {len(circles(graph))}\n"
        f"- largest folder: `{folder}`, {most} modules\n"
        f"- longest module: `{module}`, {longest} lines\n"
    )


def main() -> None:
    """Print the numbers, and write them and the picture."""
    graph = imports()
    counted = numbers(graph)
    print(counted, end="")
    text = PAGE.read_text()
    PAGE.write_text(f"{text.split(BEGIN)[0]}{BEGIN}\n\n{counted}\n{END}{text.split(END)[1]}")
    PICTURE.write_text(draw(graph))
    print(f"drawn in {PICTURE.relative_to(ROOT.parent)}")


if __name__ == "__main__":
    main()
