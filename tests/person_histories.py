"""Histories of records for tests of linkage: what sources say day by day, and what stewards decide about it."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import psycopg

from identity.stewardship import StewardError, decide
from tests.raw_rows import say, withdraw

Key = tuple[str, str, str]
NIGHT = date(2026, 11, 22)
NAMES = ["Nguyễn Văn An", "Nguyễn Văn Ân", "Khuất Thị Hoà", "Khuất Thị Hòa", "K'Brể", "Lê An", "A", ""]
BORN = ["1970-05-03", "1970-03-05", "1981-09-10", "1981-09-11", None]
NUMBERS = ["099070000001", "099070000007", "099181718293", "000000000000", None, None, "099370000001"]


class Histories:
    """Twenty histories of records that come, change, go, return, get new keys and pass to another body."""

    def __init__(self, connection: psycopg.Connection, rng: random.Random) -> None:
        self.connection, self.rng = connection, rng
        self.said: dict[Key, dict[str, Any]] = {}
        self.batch = self.renamed = 0

    def say(self, key: Key, values: dict[str, Any]) -> None:
        self.said[key] = values
        record, source, source_key = key
        say(self.connection, record, source, source_key, self.batch, **values)

    def withdraw(self, key: Key) -> dict[str, Any]:
        record, source, source_key = key
        withdraw(self.connection, record, source, source_key, self.batch)
        return self.said.pop(key)

    def drawn(self, history: int) -> dict[str, Any]:
        """What a record says: names of its own history, numbers mostly."""
        rng = self.rng
        said = {
            "full_name": f"{rng.choice(NAMES)} {chr(97 + history)}".strip(),
            "birth_date": rng.choice(BORN),
            "personal_id": rng.choice(NUMBERS),
            "sex": rng.choice(["M", "F"]),
            "old_party_card_no": rng.choice(["38012345", "40012345", None, None]),
            "admission_date": rng.choice(["2010-05-19", "2004-02-03", None]),
        }
        for number, at in (("personal_id", 7), ("old_party_card_no", 3)):
            if said[number] and rng.random() < 0.9:
                said[number] = f"{said[number][:at]}{history:02}{said[number][at + 2 :]}"
        return said

    def live_a_day(self) -> None:
        rng = self.rng
        for history in range(20):
            for _ in range(rng.randint(2, 5)):
                self.batch += 1
                key = (
                    rng.choice(["member", "member", "cadre"]),
                    rng.choice(["38", "40"]),
                    f"{history}-{rng.randint(1, 6)}",
                )
                if rng.random() < 0.2 and key in self.said:
                    self.withdraw(key)
                else:
                    self.say(key, self.drawn(history))
            mine = [key for key in self.said if key[2].split("-")[0] == str(history)]
            if mine and rng.random() < 0.5:
                self.renamed += 1
                record, source, _ = old = rng.choice(mine)
                self.say((record, source, f"{history}-new{self.renamed}"), self.withdraw(old))

    def merge_bodies(self) -> None:
        """Body 38 takes over the records of 40, under keys of its own."""
        self.batch += 1
        for record, source, key in [k for k in self.said if k[1] == "40"]:
            self.say((record, "38", f"{key}-of40"), self.withdraw((record, source, key)))

    def decide(self) -> None:
        """In the morning: decisions about one history, made and undone; some at once, some for the night to follow."""
        rng = self.rng
        known = sorted(f"{source}/{record}/{key}" for record, source, key in self.said)
        for _ in range(12):
            one = rng.choice(known)
            others = [n for n in known if n != one and n.split("/")[2].split("-")[0] == one.split("/")[2].split("-")[0]]
            given = self.connection.execute(
                "select decision_id from identity.decision where undone_at is null"
            ).fetchall()
            try:
                with self.connection.transaction():
                    if given and rng.random() < 0.3:
                        self.connection.execute("select identity.undo(%s, 'thử')", [rng.choice(given)[0]])
                    elif others and rng.random() < 0.5:
                        pair = (one, rng.choice(others))
                        verdict = rng.choice(["same", "different", "cannot tell"])
                        decide(self.connection, pair, verdict, reason="thử", who="ks", business_date=NIGHT)
                    elif others:
                        verdict = rng.choice(["same", "different"])
                        statement = "select identity.decide(%s, %s, %s, 'thử')"
                        self.connection.execute(statement, [one, rng.choice(others), verdict])
            except (StewardError, psycopg.errors.UniqueViolation):
                continue


def concerned(before: dict[Key, dict[str, Any]], now: dict[Key, dict[str, Any]]) -> set[Key]:
    """Records that say something else than before, and those that share with one of these a number of many."""
    found = {key for key in now if now[key] != before.get(key)}
    touched = found | {key for key in before if key not in now or key in found}
    for number in ("personal_id", "old_party_card_no"):
        holders: dict[str, list[Key]] = {}
        for said in (before, now):
            for key, values in said.items():
                holders.setdefault(values[number], []).append(key)
        for value, keys in holders.items():
            if value and len(keys) > 8 and touched & set(keys):
                found |= {key for key in keys if key in now}
    return found
