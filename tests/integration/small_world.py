"""A country of two provinces, said directly into raw: a few rows of each record, with the troubles models decide."""

from __future__ import annotations

import psycopg

from tests.raw_rows import say

AN = {
    "full_name": "Nguyễn Văn An",
    "birth_date": "1968-02-29",
    "personal_id": "099068000001",
    "hometown_code": "38",
    "ethnicity_code": "06",
}
BINH = {"full_name": "Trần Thị Bình", "sex": "F", "birth_date": "1975-01-01", "birth_date_precision": "Y"}


def register(connection: psycopg.Connection) -> None:
    """Two provinces, the first more trusted on members, and two nights of deliveries."""
    connection.execute(
        """
        insert into ops.source (source, name, level, authority, freshness_hours) values
        ('38', 'Tỉnh ủy Thanh Hóa', 'province', '{"organisation": 80, "member": 80, "cadre": 60, "staffing": 60}', 36),
        ('40', 'Tỉnh ủy Nghệ An', 'province', '{"organisation": 70, "member": 70, "cadre": 60, "staffing": 60}', 36)
        on conflict do nothing
        """
    )
    for batch, business_date in ((1, "2026-11-21"), (2, "2026-11-22")):
        connection.execute(
            """
            insert into ops.batch
            (batch_id, run_id, source, record, kind, mode, business_date, contract_version, status)
            overriding system value
            values (%s, 'test', '38', 'member', 'member', 'snapshot', %s, '1.0.0', 'accepted')
            on conflict do nothing
            """,
            [batch, business_date],
        )


def fill(connection: psycopg.Connection) -> None:
    """Say the world; what cannot be linked is said in one row of each record that can fail to."""
    register(connection)
    _organisations(connection)
    _members(connection)
    _cadres(connection)
    _posts(connection)


def _organisations(connection: psycopg.Connection) -> None:
    for province, commune in (("38", "14758"), ("40", "16681")):
        root, base, cell = (f"{province}.{tail}" for tail in ("000.000.000.000", "001.000.000.000", "001.001.000.001"))
        founded = {"organisation_type": "T1", "valid_from": "2025-07-01"}
        say(connection, "organisation", province, "root", organisation_code=root, **founded)
        say(
            connection,
            *("organisation", province, "base"),
            organisation_code=base,
            organisation_type="C1",
            parent_code=root,
            administrative_unit_code=commune,
            host_agency_key="office",
        )
        say(connection, "organisation", province, "cell", organisation_code=cell, parent_code=base, legacy_code="CB1")
        say(connection, "agency", province, "office", agency_code="VP", administrative_unit_code=province)
        say(connection, "agency", province, "unit", agency_code=f"{province}-TT", parent_agency_code="VP")
    say(connection, "organisation", "40", "claimed", organisation_code="38.001.001.000.001", name="Chi bộ khai trùng")


def _members(connection: psycopg.Connection) -> None:
    say(connection, "member", "38", "an", organisation_code="38.001.001.000.001", **AN)
    say(connection, "member", "40", "an", batch=2, organisation_code="40.001.001.000.001", **AN)
    late = {"official_date": "2012-05-19"}
    say(connection, "member", "38", "binh", organisation_code="38.009.000.000.000", **late, **BINH)
    say(connection, "member", "38", "old", organisation_code="CB1", full_name="Lê Văn Cũ", status="TU_TRAN")
    cell = {"organisation_code": "38.001.001.000.001"}
    say(connection, "member", "38", "giap", full_name="Phạm Giáp", admission_date="1986-12-01", **cell)
    say(connection, "member", "38", "moi", full_name="Vũ Mới", admission_date="2026-01-15", status="DU_BI", **cell)
    journey = {"from_organisation_code": "38.001.001.000.001", "to_organisation_code": "40.001.001.000.001"}
    say(connection, "membership_transfer", "38", "t1", member_key="an", arrived_date="2026-03-15", **journey)
    say(connection, "membership_transfer", "40", "t2", member_key="nobody")
    say(connection, "membership_transfer", "38", "t3", member_key="giap", state="GIOI_THIEU", **journey)
    # accepted, while the record of the receiver is held back, and that of the sender is gone
    gone = {"status": "CHUYEN_DI_NGOAI", "status_date": "2026-03-01"}
    say(connection, "member", "38", "sent", full_name="Hồ Đi", **gone, **cell)
    say(connection, "membership_transfer", "38", "t4", member_key="sent", arrived_date="2026-03-15", **journey)
    say(connection, "member", "40", "came", full_name="Đỗ Đến", organisation_code="40.001.001.000.001")
    say(connection, "membership_transfer", "40", "t5", member_key="came", arrived_date="2026-03-15", **journey)


def _cadres(connection: psycopg.Connection) -> None:
    standards = {"management_level": "BTV_XA", "professional_education": "3", "political_theory": "3"}
    say(connection, "cadre", "38", "an", agency_code="VP", started_on="2012-03-01", **standards, **AN)
    say(connection, "cadre", "40", "dung", agency_code="unknown", full_name="Hồ Thị Dung", sex="F")
    for key, cadre in (("known", "an"), ("lost", "nobody")):
        say(connection, "position_assignment", "38", key, cadre_key=cadre, organisation_code="38.001.000.000.000")
        say(connection, "evaluation", "38", key, cadre_key=cadre)
        say(connection, "planning", "38", key, cadre_key=cadre, agency_code="38-TT")
        for record in ("training", "award", "discipline"):
            say(connection, record, "38", key, cadre_key=cadre)
    say(
        connection,
        *("position_assignment", "38", "post"),
        cadre_key="an",
        agency_code="VP",
        position_title="Trưởng ban",
        is_head=True,
    )
    quarter = {"period_type": "QUY", "period": "2026-Q3"}
    say(connection, "evaluation", "38", "unit", subject_kind="TAP_THE", agency_code="VP", **quarter)
    for key in ("an", "nobody"):
        say(connection, "evaluation", "38", f"member {key}", subject_kind="DANG_VIEN", member_key=key)
    cell = {"subject_kind": "TAP_THE", "organisation_code": "38.001.001.000.001", "total_score": 49}
    say(connection, "evaluation", "38", "cell", **cell)
    weak = {"period_type": "QUY", "level": "KHTNV", "agency_code": "VP"}
    for period in ("2026-Q2", "2026-Q3"):
        say(connection, "evaluation", "38", f"weak {period}", cadre_key="an", period=period, **weak)
    rotation = {"assignment_kind": "LUAN_CHUYEN", "started_on": "2020-01-01", "ended_on": "2023-01-01"}
    say(connection, "position_assignment", "38", "away", cadre_key="an", agency_code="38-TT", **rotation)
    say(connection, "agency", "38", "so", agency_code="SO", agency_type="NHA_NUOC", administrative_unit_code="38")


def _posts(connection: psycopg.Connection) -> None:
    say(connection, "staffing_quota", "38", "q1", agency_code="VP", decision_date="2025-12-20", assigned=12)
    parent = "9-QĐ/BTCTW"
    latest = {"decision_date": "2026-04-01", "parent_decision_no": parent}
    say(connection, "staffing_quota", "38", "q2", agency_code="VP", assigned=8, **latest)
    total = {"decision_no": parent, "decision_date": "2025-11-20", "authority_level": "TW", "allocation_scope": "TONG"}
    say(connection, "staffing_quota", "38", "q3", agency_code="VP", assigned=7, **total)
    say(connection, "headcount", "38", "h1", agency_code="VP")
    say(connection, "headcount", "40", "h2", agency_code="unknown")
