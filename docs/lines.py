"""Count lines of code by room: what a change of the house saved, without what was added to it since.

``python docs/lines.py [revision ...]`` counts the working tree, or revisions beside each other. A line of code is one
with a token that is no comment, and that is no docstring and no part of an import.

``python docs/lines.py --older than from to`` says what the commits between two revisions did to code that stood at a
third one, and to code that came after it: a line that went counts for the commit that had written it (git blame), and
the lines that came in its place in the same proportion; lines that replace nothing count as old code.
"""

from __future__ import annotations

import ast
import re
import sys
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from subprocess import run

ROOT = Path(__file__).parents[1]
PACKAGE = "statmodels_x"
ROOMS = ("core", "survival", "surrogate", "discontinuity", "population", "multistate")
_LAYOUT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))?", re.MULTILINE)


def code(text: str) -> set[int]:
    """Return the numbers of the lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type not in _LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return lines


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def git(*words: str) -> str:
    """Return what git says."""
    return run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def files(revision: str, room: str) -> Iterator[str]:
    """Yield the texts of the modules of a room."""
    folder = f"{PACKAGE}/{room}"
    if not revision:
        yield from (path.read_text() for path in (ROOT / folder).rglob("*.py"))
        return
    for name in git("ls-tree", "-r", "--name-only", revision, folder).split():
        if name.endswith(".py"):
            yield git("show", f"{revision}:{name}")


def change(older: str, before: str, after: str, room: str) -> tuple[float, float]:
    """Return the net change in lines of code that stood at a revision, and of those that came later."""
    known = set(git("rev-list", older).split())
    old = new = 0.0
    diff = git("diff", "-U0", "-M", before, after, "--", f"{PACKAGE}/{room}")
    for part in diff.split("\ndiff --git "):
        names = [re.search(rf"^{mark} (?:a|b)/(.*)$", part, re.MULTILINE) for mark in ("---", r"\+\+\+")]
        gone = code(git("show", f"{before}:{names[0][1]}")) if names[0] else set()
        come = code(git("show", f"{after}:{names[1][1]}")) if names[1] else set()
        is_old = _by_age(before, names[0][1], known) if names[0] else {}
        for hunk in _HUNK.finditer(part):
            first, n, start, m = (int(word or 1) for word in hunk.groups())
            lost = [is_old[line] for line in range(first, first + n) if line in gone]
            added = sum(line in come for line in range(start, start + m))
            share = sum(lost) / len(lost) if lost else 1.0
            old += added * share - sum(lost)
            new += added * (1.0 - share) - (len(lost) - sum(lost))
    return old, new


def _by_age(revision: str, name: str, known: set[str]) -> dict[int, bool]:
    """Return number of a line -> whether one of the known commits wrote it."""
    blame = git("blame", "-w", "-M", "-C", "--porcelain", revision, "--", name)
    return {
        int(found[2]): found[1] in known
        for found in re.finditer(r"^([0-9a-f]{40}) \d+ (\d+)", blame, re.MULTILINE)
    }


def main(words: list[str]) -> None:
    """Print the counts."""
    if words[:1] == ["--older"]:
        for room in ROOMS:
            old, new = change(*words[1:4], room)
            print(f"{room:14} older code {old:+7.0f}   later code {new:+7.0f}")
        return
    for room in ROOMS:
        counts = (sum(len(code(text)) for text in files(revision, room)) for revision in words or [""])
        print(f"{room:14}" + "".join(f"{count:9,}" for count in counts))


if __name__ == "__main__":
    main(sys.argv[1:])
