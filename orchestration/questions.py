"""The boards' questions as `docs/questions.md` asks and answers them; the page is the only place where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.settings import PROJECT

PAGE = PROJECT / "docs" / "questions.md"
_SECTION = re.compile(r"^(?=## )", re.MULTILINE)
_HEADING = re.compile(r"## (?P<number>\d+)\. (?P<title>.*)\n")
_BLOCK = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Question:
    """One question: `text` is what stands before the statement that answers it, in Markdown."""

    number: int
    title: str
    text: str
    statement: str


def read_questions(page: str | None = None) -> tuple[Question, ...]:
    """Questions in the order of the page (the file when not given); the first block of a section is its answer."""
    found = []
    for section in _SECTION.split(PAGE.read_text(encoding="utf-8") if page is None else page):
        heading, block = _HEADING.match(section), _BLOCK.search(section)
        if heading and block:
            text = section[heading.end() : block.start()].strip()
            statement = block[1].strip().rstrip(";")
            found.append(Question(int(heading["number"]), heading["title"].strip(), text, statement))
    return tuple(found)
