"""The world as it truly is: thirteen records that agree with one another, before anybody writes them down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from sources.sample import careers, staffing
from sources.sample.agencies import agencies
from sources.sample.cadres import cadres
from sources.sample.classifications import party_evaluations
from sources.sample.honours import party_awards, party_disciplines
from sources.sample.members import PRESENT, memberships, with_second_records
from sources.sample.organisations import organisations, with_counts
from sources.sample.people import people
from sources.sample.reorganisations import with_former
from sources.sample.styles import registered


@dataclass(frozen=True)
class World:
    """All persons and the thirteen records, with `person` and `record_no` where a person stands behind a row."""

    persons: pl.DataFrame
    records: dict[str, pl.DataFrame]


def senders_about_members(record: str) -> list[str]:
    """Bodies whose records of this kind may be about members and party organisations too."""
    return [code for code, source in registered().items() if "member_key" in source.records[record].columns]


def world(scale: float, seed: int, as_of: date) -> World:
    """Build the true state at `as_of`; the same arguments give the same world."""
    bodies = organisations(scale, seed, as_of)
    everybody = people(scale, seed, as_of)
    first = memberships(everybody, bodies, seed, as_of)
    members, moves = with_second_records(first, bodies, seed, as_of)
    counted = members.filter((pl.col("record_no") != 3) & pl.col("status").is_in(PRESENT))
    offices = agencies(scale, as_of, seed)
    staff = cadres(everybody, offices, members, seed, as_of).with_columns(record_no=pl.lit(1))
    present = staffing.headcounts(staff, seed, as_of)
    keepers = [c for c, s in registered().items() if "allocation_scope" in s.records["staffing_quota"].columns]
    # those of the party behind those of cadres, here and below, so that each keeps the key it always had
    evaluations = pl.concat(
        [
            careers.evaluations(staff, offices, seed, as_of),
            party_evaluations(members, bodies, senders_about_members("evaluation"), seed, as_of),
            careers.occasional_evaluations(staff, seed, as_of),
        ],
        how="diagonal_relaxed",
    )
    deputies = (
        staff.filter(pl.col("role") == "deputy").group_by("agency_code").agg(deputy_count=pl.len().cast(pl.Int64))
    )
    return World(
        persons=everybody.persons,
        records={
            "organisation": with_former(with_counts(bodies, counted), seed, as_of),
            "agency": offices.join(deputies, on="agency_code", how="left", maintain_order="left").with_columns(
                pl.col("deputy_count").fill_null(0)
            ),
            "member": members,
            "membership_transfer": careers.transfers(members, moves, bodies, seed, as_of),
            "cadre": staff,
            "position_assignment": careers.position_assignments(staff, members, bodies, seed, as_of),
            "evaluation": evaluations,
            "planning": careers.plannings(staff, seed, as_of),
            "training": careers.trainings(staff, seed, as_of),
            "award": pl.concat(
                [
                    careers.awards(staff, seed, as_of),
                    party_awards(members, bodies, senders_about_members("award"), seed, as_of),
                ],
                how="diagonal_relaxed",
            ),
            "discipline": pl.concat(
                [
                    careers.disciplines(staff, seed, as_of),
                    party_disciplines(members, bodies, senders_about_members("discipline"), seed, as_of),
                ],
                how="diagonal_relaxed",
            ),
            "staffing_quota": staffing.quotas(present, seed, as_of, keepers),
            "headcount": present,
        },
    )
