"""What `make bench-warehouse` reads from the page of the boards' questions."""

from __future__ import annotations

from benchmarks.warehouse import PAGE, QUESTIONS, questions

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
    assert questions(TEXT) == {1: "select 1\nfrom a", 12: "select 12;"}


def test_every_question_of_the_page_is_asked() -> None:
    assert sorted(questions(PAGE.read_text(encoding="utf-8"))) == list(range(1, QUESTIONS + 1))
