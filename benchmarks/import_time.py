"""How much ``import statmodels_x`` adds to ``import numpy``: the median of 15 fresh interpreters, in turn."""

import subprocess
import sys
import time
from statistics import median

REPEATS = 15


def seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> None:
    statements = ("import numpy", "import numpy, statmodels_x")
    times: dict[str, list[float]] = {statement: [] for statement in statements}
    for _ in range(REPEATS):
        for statement in statements:
            times[statement].append(seconds(statement))
    alone, both = (median(times[statement]) for statement in statements)
    print(
        f"import numpy: {alone:.3f} s; with statmodels_x: {both:.3f} s; added: {both - alone:.3f} s (goal 0.15)"
    )


if __name__ == "__main__":
    main()
