"""What happens to cadres: posts, evaluations, planning, training, awards and discipline."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from sources.sample.draw import choose, days, flags, pick, stream

SCHOOLS = (
    "Học viện Chính trị quốc gia Hồ Chí Minh",
    "Học viện Hành chính và Quản trị công",
    "Trường Chính trị tỉnh",
    "Đại học Quốc gia Hà Nội",
    "Đại học Luật Hà Nội",
    "Đại học Kinh tế Quốc dân",
    "Đại học Vinh",
    "Đại học Huế",
    "Đại học Cần Thơ",
    "Đại học Thái Nguyên",
    "Đại học Sư phạm Hà Nội",
    "Trường Quân sự tỉnh",
)
MAJORS = (
    "Luật",
    "Quản lý công",
    "Xây dựng Đảng",
    "Kinh tế",
    "Sư phạm Toán",
    "Sư phạm Ngữ văn",
    "Y khoa",
    "Kế toán",
    "Nông học",
)
AWARDS = {
    "Giấy khen": ("CO_SO", 45),
    "Bằng khen của Chủ tịch UBND tỉnh": ("TINH", 30),
    "Chiến sĩ thi đua cơ sở": ("CO_SO", 15),
    "Bằng khen của Thủ tướng Chính phủ": ("NHA_NUOC", 4),
    "Huân chương Lao động hạng Ba": ("NHA_NUOC", 1),
    "Kỷ niệm chương": ("TW", 5),
}
#: Who is evaluated, and where.
EVALUATED = ("source", "person", "agency_code")


def position_assignments(
    cadres: pl.DataFrame, members: pl.DataFrame, organisations: pl.DataFrame, seed: int, as_of: date
) -> pl.DataFrame:
    """Present posts of leaders, the earlier ones of half of them, and cadres who are secretaries of cells."""
    rng = stream(seed, "assignments")
    leaders = cadres.filter(pl.col("role") != "none").select(
        "source", "person", "agency_code", "job_title", "role", "management_level", "recruited_on", "ended_on"
    )
    n = len(leaders)
    since = pl.max_horizontal(pl.lit(as_of) - days(rng, 30, 1800, n), pl.col("recruited_on") + days(rng, 200, 400, n))
    now = leaders.with_columns(
        started_on=pl.min_horizontal(
            since, pl.lit(as_of) - days(rng, 3, 25, n), pl.col("ended_on") - pl.duration(days=10)
        ),
        position_title="job_title",
        assignment_kind=pick(
            rng,
            {
                "BO_NHIEM": 55,
                "BAU": 14,
                "CHI_DINH": 12,
                "BO_NHIEM_LAI": 10,
                "DIEU_DONG": 5,
                "LUAN_CHUYEN": 3,
                "GIAO_QUYEN": 1,
            },
            n,
        ),
        is_head=pl.col("role") == "head",
    ).with_columns(
        decision_date=pl.col("started_on") - days(rng, 0, 20, n),
        planned_end_on=pl.col("started_on").dt.offset_by("60mo"),
    )
    before = now.filter(
        pl.Series(flags(rng, 0.5, n)) & (pl.col("started_on") > pl.col("recruited_on").dt.offset_by("6y"))
    )
    again = pl.col("assignment_kind") == "BO_NHIEM_LAI"
    moved = pl.col("assignment_kind").is_in(["DIEU_DONG", "LUAN_CHUYEN"])
    earlier = before.with_columns(
        ended_on="started_on",
        started_on=pl.col("started_on").dt.offset_by("-5y"),
        agency_code=pl.when(moved).then(pl.col("agency_code").reverse().over("source")).otherwise("agency_code"),
        position_title=pl.when(again)
        .then("position_title")
        .otherwise(pl.lit("Phó ") + pl.col("job_title").str.to_lowercase()),
        is_head=again & pl.col("is_head"),
        planned_end_on="started_on",
    ).with_columns(decision_date=pl.col("started_on") - days(rng, 0, 20, len(before)))
    # some heads are in their third term, which a rule forbids
    first = earlier.filter(
        pl.col("is_head")
        & (pl.col("person") % 2 == 0)
        & (pl.col("started_on") > pl.col("recruited_on").dt.offset_by("6y"))
    ).with_columns(
        pl.col("started_on", "decision_date").dt.offset_by("-5y"),
        ended_on="started_on",
        planned_end_on="started_on",
    )
    earlier = pl.concat([earlier, first]).with_columns(assignment_kind=pl.lit("BO_NHIEM"))
    every = pl.concat([now, earlier.select(now.columns), _secretaries(cadres, members, organisations)], how="diagonal")
    return (
        every.with_columns(
            decision_no=pl.format("{}-QĐ/TU", pl.Series(rng.integers(10, 3000, len(every)))),
            authority_level="management_level",
            is_primary=pl.col("organisation_code").is_null(),
        )
        .drop("job_title", "role", "management_level", "recruited_on")
        .sort("source", "person", "started_on", maintain_order=True)
    )


def _secretaries(cadres: pl.DataFrame, members: pl.DataFrame, organisations: pl.DataFrame) -> pl.DataFrame:
    """One secretary for each cell in which a cadre of the same body is a member, elected for the term."""
    cells = organisations.filter(pl.col("holds_members")).select("organisation_code", "valid_from")
    elected = date(2025, 8, 15)
    return (
        cadres.filter(pl.col("ended_on").is_null() & (pl.col("recruited_on") < elected))
        .select("source", "person", "management_level")
        .join(
            members.filter((pl.col("record_no") == 1) & (pl.col("status") == "CHINH_THUC")).select(
                "source", "person", "organisation_code"
            ),
            on=["source", "person"],
            maintain_order="left",
        )
        .unique("organisation_code", keep="first", maintain_order=True)
        .join(cells, on="organisation_code", maintain_order="left")
        .select(
            "source",
            "person",
            "organisation_code",
            "management_level",
            position_title=pl.lit("Bí thư chi bộ"),
            position_code=pl.lit("BTCB"),
            assignment_kind=pl.lit("BAU"),
            is_head=pl.lit(True),
            started_on=pl.max_horizontal("valid_from", pl.lit(elected)),
            decision_date=pl.max_horizontal("valid_from", pl.lit(elected)),
            planned_end_on=pl.max_horizontal("valid_from", pl.lit(elected)).dt.offset_by("5y"),
        )
    )


def evaluations(cadres: pl.DataFrame, agencies: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """Last year for all but a few in post, the closed quarters of this year for leaders, last year for agencies."""
    rng = stream(seed, "evaluations")
    year = as_of.year - 1
    present = cadres.filter(pl.col("ended_on").is_null())
    served = present.filter(pl.col("started_on") < date(year, 7, 1)).select("source", "person", "agency_code")
    yearly = served.with_columns(
        period=pl.lit(str(year)), period_type=pl.lit("NAM"), decided_on=pl.lit(date(year, 12, 20))
    )
    quarters = [
        (f"{as_of.year}-Q{q}", date(as_of.year, 3 * q, 28)) for q in (1, 2, 3, 4) if date(as_of.year, 3 * q, 28) < as_of
    ]
    leaders = present.filter(pl.col("role").is_in(["head", "deputy"])).select("source", "person", "agency_code")
    parts = [yearly] + [
        leaders.with_columns(period=pl.lit(p), period_type=pl.lit("QUY"), decided_on=pl.lit(day)) for p, day in quarters
    ]
    people = pl.concat(parts).with_columns(subject_kind=pl.lit("CA_NHAN"))
    bodies = agencies.select("source", "agency_code").with_columns(
        period=pl.lit(str(year)),
        period_type=pl.lit("NAM"),
        decided_on=pl.lit(date(year, 12, 25)),
        subject_kind=pl.lit("TAP_THE"),
        person=pl.lit(None, dtype=pl.Int64),
    )
    every = pl.concat([people, bodies.select(people.columns)]).sort(
        "source", "subject_kind", "period", "person", maintain_order=True
    )
    forgotten = (pl.col("period_type") == "NAM") & (pl.col("person") % 41 == 0)
    return _rated(rng, every).filter(~forgotten.fill_null(False))


def occasional_evaluations(cadres: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """The term that ended with the congresses of 2025 for heads, and a few leaders out of turn."""
    rng = stream(seed, "occasional evaluations")
    leaders = cadres.filter(pl.col("ended_on").is_null() & pl.col("role").is_in(["head", "deputy"]))
    term = leaders.filter((pl.col("role") == "head") & (pl.col("recruited_on") < date(2020, 1, 1))).select(
        *EVALUATED,
        period_type=pl.lit("NHIEM_KY"),
        period=pl.lit("2020-2025"),
        decided_on=pl.lit(date(2025, 6, 10)),
    )
    called = leaders.filter(pl.Series(flags(rng, 0.03, len(leaders)))).select(*EVALUATED)
    out_of_turn = called.with_columns(
        period_type=pl.lit("DOT_XUAT"), decided_on=pl.lit(as_of) - days(rng, 10, 600, len(called))
    ).with_columns(period=pl.col("decided_on").dt.strftime("%Y-%m-%d"))
    every = pl.concat([term, out_of_turn.select(term.columns)]).with_columns(subject_kind=pl.lit("CA_NHAN"))
    return _rated(rng, every.sort("source", "period", "person", maintain_order=True))


def _rated(rng: np.random.Generator, evaluated: pl.DataFrame) -> pl.DataFrame:
    """Levels, and scores that reach them."""
    n = len(evaluated)
    level = pick(rng, {"HTXSNV": 14.5, "HTTNV": 76, "HTNV": 8.5, "KHTNV": 1}, n)
    low = level.replace_strict({"HTXSNV": 90, "HTTNV": 70, "HTNV": 50, "KHTNV": 30}, return_dtype=pl.Int64)
    total = low + pl.Series(rng.integers(0, 9, n))
    return evaluated.with_columns(level=level, total_score=total, general_score=(total * 3 // 10)).with_columns(
        result_score=pl.col("total_score") - pl.col("general_score")
    )


def plannings(cadres: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """Cadres planned for the head's or a deputy's post of their agency in the present and the next term."""
    rng = stream(seed, "plannings")
    fit = cadres.filter(
        pl.col("ended_on").is_null()
        & pl.col("admission_date").is_not_null()
        & (pl.col("birth_date") > date(as_of.year - 55, 1, 1))
    )
    chosen = fit.filter(pl.Series(flags(rng, 0.3, len(fit)))).select("source", "person", "agency_code", "role")
    n = len(chosen)
    return chosen.select(
        "source",
        "person",
        "agency_code",
        target_position=pl.when(pl.col("role") == "deputy")
        .then(pl.lit("Giám đốc"))
        .otherwise(pick(rng, {"Phó Giám đốc": 40, "Trưởng phòng": 35, "Bí thư Đảng ủy": 10, "Chủ tịch UBND": 15}, n)),
        term=pick(rng, {"2025-2030": 60, "2026-2031": 30, "2030-2035": 10}, n),
        status=pick(rng, {"VAO": 88, "RA": 9, "DUA_KHOI": 3}, n),
        decision_no=pl.format("{}-QĐ/TU", pl.Series(rng.integers(10, 900, n))),
        decision_date=pl.lit(date(as_of.year - 1, 11, 1)) + days(rng, 0, 60, n),
    )


def trainings(cadres: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """Courses of cadres; the month counts, the day is the first."""
    rng = stream(seed, "trainings")
    chosen = cadres.filter(pl.Series(flags(rng, 0.55, len(cadres)))).select("source", "person", "recruited_on")
    n = len(chosen)
    kind = pick(rng, {"LLCT": 30, "QLNN": 24, "QPAN": 14, "NGHIEP_VU": 20, "NGOAI_NGU": 5, "TIN_HOC": 5, "KHAC": 2}, n)
    span = (pl.lit(as_of) - pl.col("recruited_on")).dt.total_days()
    started = pl.col("recruited_on") + pl.duration(days=(span * pl.Series(rng.random(n)) * 0.9).cast(pl.Int64))
    return (
        chosen.with_columns(training_type=kind)
        .select(
            "source",
            "person",
            "training_type",
            level=pl.when(kind == "LLCT")
            .then(pick(rng, {"Sơ cấp": 40, "Trung cấp": 45, "Cao cấp": 15}, n))
            .when(kind == "QLNN")
            .then(pick(rng, {"Chuyên viên": 70, "Chuyên viên chính": 30}, n))
            .when(kind == "QPAN")
            .then(pick(rng, {"Đối tượng 2": 10, "Đối tượng 3": 40, "Đối tượng 4": 50}, n)),
            school=choose(rng, SCHOOLS, n),
            major=pl.when(kind == "NGHIEP_VU").then(choose(rng, MAJORS, n)),
            started_on=started.dt.month_start(),
            ended_on=(started + days(rng, 40, 700, n)).dt.month_start(),
            study_form=pick(rng, {"Tập trung": 35, "Không tập trung": 45, "Vừa làm vừa học": 15, "Từ xa": 5}, n),
            certificate=pick(rng, {"Chứng chỉ": 60, "Bằng tốt nghiệp": 40}, n),
        )
        .with_columns(ended_on=pl.when(pl.col("ended_on") <= pl.lit(as_of)).then("ended_on"))
    )


def awards(cadres: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """Awards as dated events."""
    rng = stream(seed, "awards")
    chosen = cadres.filter(pl.Series(flags(rng, 0.25, len(cadres)))).select("source", "person", "recruited_on")
    n = len(chosen)
    form = pick(rng, {name: weight for name, (_, weight) in AWARDS.items()}, n)
    return chosen.select(
        "source",
        "person",
        subject_kind=pl.lit("CA_NHAN"),
        form=form,
        award_level=form.replace_strict({name: level for name, (level, _) in AWARDS.items()}, return_dtype=pl.String),
        decision_no=pl.format("{}/QĐ-KT", pl.Series(rng.integers(10, 2500, n))),
        decision_date=pl.max_horizontal(pl.lit(as_of) - days(rng, 20, 3500, n), pl.col("recruited_on")),
    )


def disciplines(cadres: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """Discipline as dated events, without a word on why."""
    rng = stream(seed, "disciplines")
    chosen = cadres.filter(pl.Series(flags(rng, 0.013, len(cadres)))).select(
        "source", "person", "recruited_on", "admission_date"
    )
    n = len(chosen)
    return chosen.select(
        "source",
        "person",
        subject_kind=pl.lit("CA_NHAN"),
        discipline_kind=pl.when(pl.col("admission_date").is_not_null())
        .then(pl.lit("DANG"))
        .otherwise(pl.lit("HANH_CHINH")),
        form=pick(rng, {"KHIEN_TRACH": 65, "CANH_CAO": 30, "CACH_CHUC": 5}, n),
        decision_no=pl.format("{}-QĐ/UBKT", pl.Series(rng.integers(10, 900, n))),
        decision_date=pl.max_horizontal(pl.lit(as_of) - days(rng, 20, 1600, n), pl.col("recruited_on")),
    ).with_columns(effective_from="decision_date", effective_to=pl.col("decision_date").dt.offset_by("1y"))


def transfers(
    members: pl.DataFrame, moves: pl.DataFrame, organisations: pl.DataFrame, seed: int, as_of: date
) -> pl.DataFrame:
    """Transfers of membership: those between bodies as both ends tell them, and those within a body.

    `record_no` says which member record of the person the row refers to.
    """
    rng = stream(seed, "transfers")
    state = (
        pl.when(pl.col("fate") == "open")
        .then(
            pl.when(pl.col("left_date") < pl.lit(as_of) - pl.duration(days=90))
            .then(pl.lit("QUA_HAN"))
            .otherwise(pl.lit("GIOI_THIEU"))
        )
        .otherwise(pl.lit("DA_TIEP_NHAN"))
    )
    shared = moves.with_columns(state=state, transfer_type=pl.lit("CHINH_THUC"))
    columns = [
        "source",
        "person",
        "record_no",
        "from_cell",
        "to_cell",
        "left_date",
        "arrived_date",
        "state",
        "transfer_type",
    ]
    leaving = shared.with_columns(source="from_source", record_no=pl.lit(1)).with_columns(
        # The body that forgot never learnt of the arrival.
        state=pl.when(pl.col("fate") == "forgotten").then(pl.lit("GIOI_THIEU")).otherwise("state"),
        arrived_date=pl.when(pl.col("fate") != "forgotten").then("arrived_date"),
    )
    arriving = shared.filter(pl.col("fate") != "open").with_columns(source="to_source", record_no=pl.lit(2))
    inside = members.filter((pl.col("record_no") == 1) & (pl.col("status") == "CHINH_THUC"))
    inside = inside.filter(pl.Series(flags(rng, 0.012, len(inside)))).join(moves, on="person", how="anti")
    own = organisations.filter(pl.col("holds_members")).group_by("source").agg("organisation_code")
    at = pl.Series(rng.integers(0, 1_000_000, len(inside)))
    from_cell = (
        inside.select("source")
        .join(own, on="source", maintain_order="left")
        .select(pl.col("organisation_code").list.get(pl.lit(at) % pl.col("organisation_code").list.len()))
        .to_series()
    )
    left = pl.lit(as_of) - days(rng, 70, 330, len(inside))
    within = (
        inside.select("source", "person", "record_no", to_cell="organisation_code")
        .with_columns(
            from_cell=from_cell,
            left_date=left,
            state=pl.lit("DA_TIEP_NHAN"),
            transfer_type=pick(rng, {"NOI_BO": 55, "CHINH_THUC": 40, "TAM_THOI": 5}, len(inside)),
        )
        .with_columns(arrived_date=pl.col("left_date") + days(rng, 2, 60, len(inside)))
        .filter(pl.col("from_cell") != pl.col("to_cell"))
    )
    every = pl.concat([part.select(columns) for part in (leaving, arriving, within)]).sort(
        "source", "left_date", "person"
    )
    return every.rename({"from_cell": "from_organisation_code", "to_cell": "to_organisation_code"}).with_columns(
        introduction_no=pl.format("{}/GT-SHĐ", pl.Series(rng.integers(1, 9000, len(every))))
    )
