"""The return-to-source workbook: every open fault of a source, where it stands in their own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from sources.contract import Contract, Property, Rule, load_contracts

HEADINGS: tuple[tuple[str, int], ...] = (
    ("Loại bản ghi", 18),
    ("Tệp", 28),
    ("Trang tính", 16),
    ("Dòng", 8),
    ("Khóa bản ghi", 20),
    ("Trường", 26),
    ("Giá trị đã gửi", 30),
    ("Sai thế nào", 48),
    ("Cần ghi thế nào", 60),
    ("Mã quy tắc", 12),
)
SUMMARY_HEADINGS: tuple[tuple[str, int], ...] = (
    ("Mã quy tắc", 12),
    ("Loại bản ghi", 22),
    ("Mức", 12),
    ("Số dòng", 10),
    ("Nội dung", 90),
)
RESEND = (
    "Cách gửi lại:",
    "1. Sửa tại nguồn đúng dòng và trường ghi trong trang “Lỗi”; không đổi khóa bản ghi.",
    "2. Gửi lại toàn bộ tệp hoặc bảng (không chỉ các dòng đã sửa), giữ nguyên tên cột.",
    "3. Dòng đã đúng sẽ tự rời danh sách ở lần gửi sau; dòng chưa sửa giữ giá trị được tiếp nhận gần nhất.",
    "4. Nếu giá trị đúng mà vẫn bị giữ, báo cán bộ kỹ thuật kèm lý do để được chấp nhận.",
)
#: A sheet holds 1,048,576 rows.
MOST_ROWS = 1_000_000
_LISTED = 12

_FAULTS = """
    select q.record, q.file, q.sheet, q.row_no, q.source_key, f.rule_id, f.value
    from quarantine.row as q inner join quarantine.fault as f on q.row_id = f.row_id
    where q.state = 'open' and q.source = %s
    order by q.record, q.file, q.sheet, q.row_no, f.rule_id
    limit %s
"""
_SUMMARY = """
    select b.record, g.rule_id, g.severity, g.failed
    from ops.gate_result as g inner join ops.batch as b on g.batch_id = b.batch_id
    where b.source = %(source)s and g.failed > 0 and g.rule_id not like 'BAT-%%' and b.batch_id in (
        select max(batch_id) from ops.batch
        where source = %(source)s and status in ('accepted', 'refused') and fingerprint is not null group by record
    )
    order by g.severity, g.failed desc, g.rule_id
"""
_REFUSED = """
    select record, reason from (
        select distinct on (record) record, status, reason from ops.batch
        where source = %s and status <> 'running' order by record, batch_id desc
    ) as latest where status in ('refused', 'failed') order by record
"""


def wrong(rule: Rule, p: Property | None) -> str:
    """What is wrong, as a Vietnamese phrase."""
    if p is None or rule.metric == "predicate":
        return rule.sentence
    return {
        "nullValues": f"{p.business_name}: để trống.",
        "duplicateValues": f"{p.business_name}: trùng với dòng khác.",
    }.get(rule.metric, f"{p.business_name}: giá trị không hợp lệ hoặc không đọc được.")


def expected(rule: Rule, contract: Contract) -> str:
    """What should stand there, as Vietnamese sentences."""
    p = contract.by_name.get(rule.column or "")
    if p is None:
        from expectations.quarantine import fields_of

        terms = [contract.by_name[f].business_name for f in fields_of(rule, contract)]
        return f"Đối chiếu và sửa: {', '.join(terms)}."
    said = [rule.sentence]
    if p.codes and rule.metric == "invalidValues":
        labels = [c.label for c in p.codes[:_LISTED]]
        said.append(f"Ghi một trong: {'; '.join(labels)}{' …' if len(p.codes) > _LISTED else ''}.")
    if rule.minimum or rule.maximum:
        said.append(f"Trong khoảng từ {rule.minimum or '…'} đến {rule.maximum or '…'}.")
    return " ".join(said)


def _rows(connection: psycopg.Connection, code: str) -> Iterator[tuple[Any, ...]]:
    contracts = load_contracts()
    rules = {r.rule_id: (r, c) for c in contracts.values() for r in c.rules}
    with connection.cursor(name="faults_of_source") as cursor:
        cursor.itersize = 5000
        cursor.execute(_FAULTS, [code, MOST_ROWS])
        for record, file, sheet, row_no, key, rule_id, value in cursor:
            rule, contract = rules.get(rule_id, (None, contracts[record]))
            if rule is None:  # a rule that the contract no longer has
                yield (contract.business_name, file, sheet, row_no, key, None, value, None, None, rule_id)
                continue
            p = contract.by_name.get(rule.column or "")
            term = p.business_name if p else None
            yield (
                *(contract.business_name, file, sheet, row_no, key, term, value),
                *(wrong(rule, p), expected(rule, contract), rule_id),
            )


def write_return_workbook(connection: psycopg.Connection, code: str, out: Path) -> int:
    """Write the open faults of source `code` to `out` (.xlsx), row by row; how many faults it lists.

    Values stand as they came: nothing in them becomes a formula or a link.
    """
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    faults = 0
    with connection.transaction(), xlsxwriter.Workbook(str(out), options) as book:
        heading = book.add_format(
            {"bold": True, "bg_color": "#D9E2F3", "border": 1, "text_wrap": True, "valign": "top"}
        )
        text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        sheet = _sheet(book, "Lỗi", HEADINGS, heading)
        for faults, row in enumerate(_rows(connection, code), start=1):
            for column, value in enumerate(row):
                if value is not None:
                    write = sheet.write_number if isinstance(value, int) else sheet.write_string
                    write(faults, column, value, text)
        sheet.autofilter(0, 0, max(faults, 1), len(HEADINGS) - 1)
        _summarise(connection, book, code, heading, text)
    return faults


def _sheet(book: Any, name: str, headings: tuple[tuple[str, int], ...], form: Any) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, (title, width) in enumerate(headings):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, form)
    return sheet


def _summarise(connection: psycopg.Connection, book: Any, code: str, heading: Any, text: Any) -> None:
    contracts = load_contracts()
    rules = {r.rule_id: r for c in contracts.values() for r in c.rules}
    sheet = _sheet(book, "Tổng hợp", SUMMARY_HEADINGS, heading)
    line = 0
    for record, rule_id, severity, failed in connection.execute(_SUMMARY, {"source": code}).fetchall():
        line += 1
        level = "Lỗi" if severity == "error" else "Cảnh báo"
        sentence = rules[rule_id].sentence if rule_id in rules else ""
        for column, value in enumerate((rule_id, contracts[record].business_name, level)):
            sheet.write_string(line, column, value, text)
        sheet.write_number(line, 3, failed, text)
        sheet.write_string(line, 4, sentence, text)
    for record, reason in connection.execute(_REFUSED, [code]).fetchall():
        line += 1
        sheet.write_string(line, 1, contracts[record].business_name, text)
        sheet.write_string(line, 2, "Chưa nhận", text)
        sheet.write_string(line, 4, reason or "", text)
    for offset, sentence in enumerate(RESEND, start=2):
        sheet.write_string(line + offset, 4, sentence, text)
