"""Print the lowest versions that pyproject.toml allows, as pins for pip."""

import re
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

print(*(re.sub(r">=\s*([\w.]+).*", r"==\1", entry) for entry in PROJECT["dependencies"]), sep="\n")
