"""What is read from the page of the boards' questions."""

from __future__ import annotations

from benchmarks.warehouse import QUESTIONS
from orchestration.questions import read_questions

TEXT = """# Questions

```sh
lienthong sql
```

## 1. First

Words with 2. in them.

```sql
select 1
from a
```

```sql
select 'not the answer'
```

## State

```sql
select 'of no question'
```

## 12. Twelfth

```sh
not sql
```

```sql
select 12;
```
"""


def test_the_first_block_of_a_section_is_its_answer() -> None:
    first, twelfth = read_questions(TEXT)
    assert (first.number, first.title, first.text) == (1, "First", "Words with 2. in them.")
    assert first.statement == "select 1\nfrom a"
    assert (twelfth.number, twelfth.statement) == (12, "select 12")


def test_every_question_of_the_boards_is_on_the_page() -> None:
    assert [question.number for question in read_questions()] == list(range(1, QUESTIONS + 1))
