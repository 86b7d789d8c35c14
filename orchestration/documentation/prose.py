"""Paragraphs of the questions' page as HTML: code spans, stress, and links from the names of rules and relations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markupsafe import Markup, escape

from orchestration.documentation.catalogue import Catalogue

PARAGRAPH = re.compile(r"\n\s*\n")
PIECE = re.compile(r"`(?P<code>[^`]+)`|\*(?P<stress>[^*]+)\*|(?P<name>\b[A-Z][A-Z0-9_]{3,}\b)")


def prose(text: str, catalogue: Catalogue, root: str = "../") -> Markup:
    """Markdown of plain paragraphs as HTML for a page one folder below `root`."""

    def piece(found: re.Match[str]) -> Markup:
        if found["stress"]:
            return Markup("<em>{}</em>").format(found["stress"])
        word = found["code"] or found["name"]
        shown = Markup("<code>{}</code>").format(word) if found["code"] else escape(word)
        relation = word.removeprefix("published.").split(".")[0]
        if word in catalogue.rules:
            return Markup('<a href="{}law/{}.html">{}</a>').format(root, word, shown)
        if word.startswith("published.") and relation in catalogue.relations:
            return Markup('<a href="{}relation/{}.html">{}</a>').format(root, relation, shown)
        return shown

    return Markup("\n").join(
        Markup("<p>{}</p>").format(Markup().join(_pieces(" ".join(paragraph.split()), piece)))
        for paragraph in PARAGRAPH.split(text)
    )


def _pieces(text: str, piece: Callable[[re.Match[str]], Markup]) -> Iterator[Markup]:
    end = 0
    for found in PIECE.finditer(text):
        yield escape(text[end : found.start()])
        yield piece(found)
        end = found.end()
    yield escape(text[end:])
