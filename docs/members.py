"""List the public members of all results, and write the table into CONTRIBUTING.md: ``python docs/members.py``.

Fields of a state that are documented as internal, and old names that are still answered, are left out.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
BEGIN, END = "<!-- members: made by docs/members.py -->", "<!-- end of members -->"
RESULTS = {
    "survival": "survival.results:FlexibleSurvivalResults",
    "selection": "survival.selection.results:SelectionResults",
    "interaction": "population.results:InteractionResults",
    "observed": "population.observed:ObservedLeslieResults",
    "surrogate": "surrogate.results:SurrogateResults",
    "residual": "surrogate.residual.results:ResidualResults",
    "grid": "surrogate.landmarks.results:LandmarkGrid",
    "surface": "discontinuity.results:SurfaceResults",
    "curve": "discontinuity.line.results:CurveResults",
}
INTERNAL = set(
    (
        "alternatives arguments coefficients control covariance design_specs estimate evidence facts fit frames "
        "identification inference kept line machinery names need_noise need_sample of outside pieces question sample "
        "specification structural sums without_data"
    ).split()
)


def members(cls: type) -> set[str]:
    """Return the public members of a class: methods, properties, fields."""
    names = {
        name for name in (*dir(cls), *getattr(cls, "__dataclass_fields__", ())) if not name.startswith("_")
    }
    return {name for name in names - INTERNAL if not _is_old(getattr(cls, name, None))}


def _is_old(member: object) -> bool:
    return (getattr(member, "__doc__", None) or "").startswith("Old name")


def table() -> str:
    """Return the section: a table of what several results have, and what each has alone."""
    found = {}
    for column, place in RESULTS.items():
        module, name = place.split(":")
        found[column] = members(getattr(import_module(f"statmodels_x.{module}"), name))
    count = {
        name: sum(name in listed for listed in found.values())
        for name in sorted(set().union(*found.values()))
    }
    shared = sorted((name for name in count if count[name] > 1), key=lambda name: (-count[name], name))
    lines = ["| | " + " | ".join(RESULTS) + " |", "| --- |" + " :-: |" * len(RESULTS)]
    lines += [
        f"| `{name}` | " + " | ".join("x" if name in listed else "" for listed in found.values()) + " |"
        for name in shared
    ]
    alone = []
    for column, listed in found.items():
        own = ", ".join(f"`{name}`" for name in sorted(listed) if count[name] == 1)
        alone.append(f"- {column}, {len(listed)} in all; alone: {own}")
    return "\n".join([*lines, "", *alone])


def main() -> None:
    """Write the section."""
    text = PAGE.read_text()
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n\n{table()}\n\n{END}{tail}")


if __name__ == "__main__":
    main()
