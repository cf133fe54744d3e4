"""Links to the documentation of other packages, from lists in ``docs/_inventories``: the build asks no network.

A list begins with the name of the project and its address; each further line is a name, its role, and where it stands
(``$`` is the name). Only names that this site refers to are listed: ``nitpicky`` says which one is missing.
"""

from __future__ import annotations

import zlib
from pathlib import Path


def mapping(lists: Path, target: Path) -> dict[str, tuple[str, str]]:
    """Write Sphinx's form of each list, and return what ``intersphinx_mapping`` takes."""
    target.mkdir(parents=True, exist_ok=True)
    found = {}
    for path in sorted(lists.glob("*.txt")):
        heading, *lines = path.read_text(encoding="utf-8").splitlines()
        project, address = heading.rsplit(" ", 1)
        entries = (line.split(" ") for line in lines if line)
        text = "".join(f"{name} {role} 1 {place} -\n" for name, role, place in entries)
        intro = (
            f"# Sphinx inventory version 2\n# Project: {project}\n# Version: \n"
            "# The remainder of this file is compressed using zlib.\n"
        )
        inventory = target / f"{path.stem}.inv"
        inventory.write_bytes(intro.encode() + zlib.compress(text.encode()))
        found[path.stem] = (address, str(inventory))
    return found
