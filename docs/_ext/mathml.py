"""Render LaTeX as MathML, which browsers draw themselves: no script, no font and no network.

The converter is the one that docutils ships.
"""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_ACCENTS = {"ˆ", "^", "˜", "~", "¯", "˙", "→"}
ElementTree.register_namespace("", _NAMESPACE)


def _convert(translator: Any, node: nodes.Element, as_block: bool) -> str:
    text = node.astext()
    if as_block and r"\\" in text and r"\begin" not in text:
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    try:
        return _beside(str(tex2mathml(text, as_block=as_block)))
    except MathError as error:
        logger.warning("math %r cannot be converted: %s", text, error, location=node)
        return f"<code>{translator.encode(text)}</code>"


def _beside(mathml: str) -> str:
    """Put the index of an accented letter beside it: the converter sets it below."""
    if "munderover" not in mathml:
        return mathml
    # names such as &nbsp; are known to HTML only
    root = ElementTree.fromstring(
        re.sub(r"&(?!amp;|lt;|gt;)\w+;", lambda name: html.unescape(name[0]), mathml)
    )
    for element in root.iter(f"{{{_NAMESPACE}}}munderover"):
        base, index, accent = element
        if (accent.text or "").strip() in _ACCENTS:
            letter = ElementTree.Element(f"{{{_NAMESPACE}}}mover")
            letter.extend([base, accent])
            element.tag = f"{{{_NAMESPACE}}}msub"
            element[:] = [letter, index]
    return ElementTree.tostring(root, encoding="unicode")


def _visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(f'<span class="math">{_convert(translator, node, False)}</span>')
    raise nodes.SkipNode


def _visit_block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math-block"))
    translator.body.append(_convert(translator, node, True))
    if node.get("number"):
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})</span>')
    translator.body.append("</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name that ``html_math_renderer`` asks for."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
