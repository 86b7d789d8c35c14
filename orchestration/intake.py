"""Intake: one kind of one source, from its systems to `raw`, with a verdict on every delivery.

For each record: open a batch, extract into landing, recognise an identical delivery, type, judge, then
accept into `raw` or refuse. A bad source ends as a failed or refused batch with a sentence; an error of
ours marks the batch failed and is raised.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime

import psycopg
from psycopg import sql

from expectations import batch_rules, faults, gate, quarantine
from expectations.batch_rules import BatchFacts, BatchVerdict
from expectations.faults import RuleCount
from orchestration import batches
from orchestration.batches import BatchOutcome, RuleResult, Status
from orchestration.check_source import check_source
from orchestration.warehouse import connect
from sources import landing, partitions
from sources.accept import Acceptance, accept
from sources.connectors.base import Delivery, SourceError
from sources.contract import Contract, load_contracts
from sources.extract import ExtractRequest, extract
from sources.landing import BatchTables
from sources.registry import RecordMapping, Source

__all__ = ["BatchOutcome", "RuleResult", "check_source", "take_in"]

OUR_FAULT = "Lỗi của chương trình tiếp nhận, không phải của nguồn; báo cán bộ kỹ thuật xem nhật ký."
INTERRUPTED = "Lần tiếp nhận trước dừng giữa chừng; dữ liệu được lấy lại từ đầu."
NO_CHANGES = "Không có thay đổi nào kể từ lần gửi trước."
_SENTENCES = 3

logger = logging.getLogger(__name__)


def take_in(
    source: Source,
    kind: str,
    *,
    warehouse_url: str,
    run_id: str,
    business_date: date,
    environment: Mapping[str, str],
) -> list[BatchOutcome]:
    """Take in every record of one kind that a source delivers, one outcome a record, in contract order.

    `environment` holds the variables of the source's registry file. Never raises for what a source does;
    raises for errors of ours, after the batch is marked failed.
    """
    with connect(warehouse_url, autocommit=True) as connection:
        return [
            _Intake(
                connection,
                source,
                record,
                url=warehouse_url,
                run_id=run_id,
                business_date=business_date,
                environment=environment,
            ).run()
            for record in source.records_of(kind)
        ]


class _Intake:
    """One delivery of one record."""

    def __init__(
        self,
        connection: psycopg.Connection,
        source: Source,
        record: str,
        *,
        url: str,
        run_id: str,
        business_date: date,
        environment: Mapping[str, str],
    ) -> None:
        self.connection = connection
        self.source = source
        self.contract: Contract = load_contracts()[record]
        self.mapping: RecordMapping = source.records[record]
        self.url = url
        self.run_id = run_id
        self.business_date = business_date
        self.environment = environment
        self.batch_id = 0
        self.typed = 0
        self.delivery = Delivery()
        self.warnings: list[str] = []
        self.results: tuple[RuleResult, ...] = ()

    @property
    def record(self) -> str:
        return self.contract.record

    def run(self) -> BatchOutcome:
        key = [f"{self.source.code}/{self.record}"]
        self.connection.execute("select pg_advisory_lock(hashtext('intake'), hashtext(%s))", key)
        try:
            return self._locked()
        finally:
            self.connection.execute("select pg_advisory_unlock(hashtext('intake'), hashtext(%s))", key)

    def _locked(self) -> BatchOutcome:
        self._clear_interrupted()
        self.batch_id = batches.open_batch(
            self.connection,
            run_id=self.run_id,
            source=self.source.code,
            record=self.record,
            kind=self.contract.kind,
            mode=self.mapping.mode,
            business_date=self.business_date,
            contract_version=self.contract.version,
        )
        self.tables = BatchTables.of(self.record, self.batch_id)
        try:
            landing.create_landing(self.connection, self.contract, self.tables)
            self._extract()
            return self._judge()
        except SourceError as error:
            return self._end("failed", error.sentence, detail=error.detail)
        except BaseException:
            batches.close_batch(self.connection, self.batch_id, "failed", reason=OUR_FAULT)
            landing.drop(self.connection, self.tables)
            raise

    def _clear_interrupted(self) -> None:
        """Close what a lost process left running; the lock says that nobody works on it."""
        for (batch_id,) in self.connection.execute(
            "update ops.batch set status = 'failed', reason = %s, finished_at = clock_timestamp()"
            " where source = %s and record = %s and status = 'running' returning batch_id",
            [INTERRUPTED, self.source.code, self.record],
        ).fetchall():
            landing.drop(self.connection, BatchTables.of(self.record, batch_id))

    def _extract(self) -> None:
        self.before = batches.last_good(self.connection, self.source.code, self.record)
        self.judged = batches.last_judged(self.connection, self.source.code, self.record)
        self.delivery = extract(
            ExtractRequest(
                source=self.source,
                record=self.record,
                warehouse_url=self.url,
                landing_table=landing.table_name(self.tables.landing),
                since=self._since(),
                environment=self.environment,
            )
        )

    def _since(self) -> str | None:
        """The watermark to read a delta from; None reads everything, as after a new contract or a decision."""
        if self.mapping.mode != "delta" or self.before is None or self.judged is None:
            return None
        if self.before.contract_version != self.contract.version or batches.decided_since(self.connection, self.judged):
            return None
        return self.before.watermark

    def _facts(self, totals: Mapping[str, float] | None = None, held: int = 0) -> BatchFacts:
        hours = None
        if self.before and self.before.finished_at:
            hours = (datetime.now(UTC) - self.before.finished_at).total_seconds() / 3600
        return BatchFacts(
            source=self.source,
            contract=self.contract,
            mapping=self.mapping,
            delivery=self.delivery,
            business_date=self.business_date,
            last_delivered=self.before.delivered if self.before and self.before.mode == "snapshot" else None,
            hours_since_accepted=hours,
            totals=totals or {},
            held=held,
        )

    def _judge(self) -> BatchOutcome:
        arrival = batch_rules.judge(self._facts(), batch_rules.AT_ARRIVAL)
        self.warnings = [
            *self.delivery.warnings,
            *(v.sentence for v in arrival if v.sentence and v.rule.severity == "warning"),
        ]
        batches.note_delivery(self.connection, self.batch_id, self.delivery, self.warnings)
        if self.delivery.mode == "delta" and not self.delivery.delivered and self.before:
            return self._end("identical", NO_CHANGES)
        statement = landing.typing_statement(
            self.connection, self.contract, self.mapping, self.tables, self.delivery.native
        )
        if not any(v.refuses for v in arrival) and (known := self._known(statement)):
            return known
        self.typed = partitions.type_rows(
            self.connection, self.contract, statement, self.tables, source=self.source.code, batch_id=self.batch_id
        )
        self._check_landed()
        faults.find(self.connection, self.contract, self.mapping, self.tables, self.source.code)
        fared = faults.count(
            self.connection, self.contract, self.mapping, self.tables, source=self.source.code, checked=self.typed
        )
        verdicts = batch_rules.judge(self._facts(self._totals(), self._held()))
        suite = gate.suite_of(self.connection, self.contract, fared, self.tables)
        with ThreadPoolExecutor(1, "gate") as pool:
            gx = pool.submit(gate.verdicts, self.url, suite, self.tables)
            if reason := _refusal(verdicts, fared):
                self._record(verdicts, fared, gx)
                return self._refuse(reason, fared, self._fingerprint(statement))
            return self._accept(statement, verdicts, fared, gx)

    def _check_landed(self) -> None:
        """Every row that was delivered has landed; only tombstones are not typed, and only deltas bring them."""
        if self.mapping.mode == "snapshot" and self.typed == self.delivery.delivered:
            return
        landed = self.connection.execute(sql.SQL("select count(*) from {}").format(self.tables.landing)).fetchone()
        if landed != (self.delivery.delivered,):
            raise AssertionError(f"batch {self.batch_id}: {self.delivery.delivered} rows delivered, {landed} landed")

    def _record(
        self, verdicts: Sequence[BatchVerdict], fared: Sequence[RuleCount], gx: Future[dict[str, gate.Verdict]]
    ) -> None:
        """Wait for Great Expectations, make sure that it and the counts agree, and keep every verdict."""
        judged = gx.result()
        for one in fared:
            if not judged[one.rule.rule_id].agrees(one):
                raise gate.GateError(f"batch {self.batch_id}: {one.rule.rule_id} is judged and counted differently")
        with self.connection.transaction():
            self.results = batches.record_results(self.connection, self.batch_id, verdicts, fared)
        self._drop_earlier()

    def _fingerprint(self, statement: sql.Composed) -> str:
        return landing.fingerprint(self.connection, self.contract, self.mapping, statement, self.tables)

    def _known(self, statement: sql.Composed) -> BatchOutcome | None:
        """The outcome of a delivery that was judged before and is the same; None when it must be judged."""
        last = self.judged
        if last is None or last.contract_version != self.contract.version or last.delivered != self.delivery.delivered:
            return None
        if last.fingerprint != self._fingerprint(statement):
            return None
        if last.status == "withdrawn":
            reason = f"Lần gửi giống hệt lần {last.batch_id} đã bị rút ({last.reason}); gửi dữ liệu đã sửa."
            return self._end("refused", reason)
        if last.status != "accepted" or batches.decided_since(self.connection, last):
            return None
        counts = Acceptance(0, self.delivery.delivered - last.quarantined, last.quarantined, 0)
        return self._end("identical", f"Giống hệt lần gửi {last.batch_id} đã được tiếp nhận.", counts=counts)

    def _totals(self) -> dict[str, float]:
        """Sums of the numeric fields for which the manifest declares a control total."""
        declared = self.delivery.manifest.control_totals if self.delivery.manifest else {}
        numeric = [
            n
            for n in declared
            if n in self.mapping.columns and self.contract.by_name[n].physical_type in ("integer", "numeric")
        ]
        if not numeric:
            return {}
        sums = sql.SQL(", ").join(sql.SQL("coalesce(sum({}), 0)::float8").format(sql.Identifier(n)) for n in numeric)
        row = self.connection.execute(sql.SQL("select {} from {}").format(sums, self.tables.typed)).fetchone() or ()
        return dict(zip(numeric, row, strict=True))

    def _held(self) -> int:
        row = self.connection.execute(
            sql.SQL("select count(*) from {} where held").format(self.tables.faults)
        ).fetchone()
        return int(row[0]) if row else 0

    def _refuse(self, reason: str, fared: Sequence[RuleCount], print_: str) -> BatchOutcome:
        with self.connection.transaction():
            quarantine.resolve_refused(self.connection, self.record, self.source.code, self.batch_id)
            quarantine.hold(self.connection, self.contract, self.tables, self.source.code, self.batch_id)
        refusing = quarantine.refusing_rules(self.contract)
        secret = any(f.failed and f.rule.rule_id in refusing for f in fared)
        return self._end("refused", reason, fingerprint=print_, watermark=self.delivery.watermark, keep=not secret)

    def _accept(
        self,
        statement: sql.Composed,
        verdicts: Sequence[BatchVerdict],
        fared: Sequence[RuleCount],
        gx: Future[dict[str, gate.Verdict]],
    ) -> BatchOutcome:
        """Write into `raw` while Great Expectations judges; only with its verdict is it committed."""
        with self.connection.transaction():
            counts = accept_rows(
                self.connection,
                self.contract,
                source=self.source.code,
                batch_id=self.batch_id,
                mode=self.delivery.mode,
                delivered=self.delivery.delivered,
                typed=self.typed,
            )
            print_ = self._fingerprint(statement)
            self._record(verdicts, fared, gx)
            partitions.attach(self.connection, self.contract, self.tables, self.source.code)
            watermark = self.delivery.watermark or (self.before.watermark if self.before else None)
            batches.close_batch(
                self.connection, self.batch_id, "accepted", counts=counts, fingerprint=print_, watermark=watermark
            )
        landing.drop(self.connection, self.tables)
        return self._outcome("accepted", None, counts)

    def _end(
        self,
        status: Status,
        reason: str,
        *,
        detail: str | None = None,
        counts: Acceptance | None = None,
        fingerprint: str | None = None,
        watermark: str | None = None,
        keep: bool = False,
    ) -> BatchOutcome:
        """Close the batch without touching `raw`; its tables go unless an engineer may still accept it."""
        if status == "identical":
            watermark = self.delivery.watermark or (self.before.watermark if self.before else None)
        batches.close_batch(
            self.connection,
            self.batch_id,
            status,
            reason=reason,
            counts=counts,
            fingerprint=fingerprint,
            watermark=watermark,
        )
        if not keep:
            landing.drop(self.connection, self.tables)
        return self._outcome(status, reason, counts, detail)

    def _outcome(
        self, status: Status, reason: str | None, counts: Acceptance | None, detail: str | None = None
    ) -> BatchOutcome:
        counts = counts or Acceptance(0, 0, 0, 0)
        logger.info(
            "%s/%s batch %s: %s, %s rows", self.source.code, self.record, self.batch_id, status, self.delivery.delivered
        )
        return BatchOutcome(
            batch_id=self.batch_id,
            source=self.source.code,
            record=self.record,
            status=status,
            reason=reason,
            detail=detail,
            delivered=self.delivery.delivered,
            accepted=counts.accepted,
            unchanged=counts.unchanged,
            quarantined=counts.quarantined,
            closed=counts.closed,
            dropped_columns=tuple(self.delivery.dropped_columns),
            missing_columns=tuple(self.delivery.missing_columns),
            warnings=tuple(self.warnings),
            results=self.results,
        )

    def _drop_earlier(self) -> None:
        """Drop the tables kept for an earlier refusal: a newer delivery has come."""
        for (batch_id,) in self.connection.execute(
            "select batch_id from ops.batch where source = %s and record = %s and status = 'refused' and batch_id < %s"
            " and to_regclass(format('landing.%%I', record || '_' || batch_id)) is not null",
            [self.source.code, self.record, self.batch_id],
        ).fetchall():
            landing.drop(self.connection, BatchTables.of(self.record, batch_id))


def accept_rows(
    connection: psycopg.Connection,
    contract: Contract,
    *,
    source: str,
    batch_id: int,
    mode: str,
    delivered: int,
    typed: int | None = None,
    held_before: bool = False,
) -> Acceptance:
    """Bring a judged batch into `raw` and its held rows into quarantine; inside the caller's transaction.

    `held_before` says that a refusal has already put them there.
    """
    tables = BatchTables.of(contract.record, batch_id)
    quarantine.resolve_before(connection, contract, tables, source=source, batch_id=batch_id, mode=mode)
    if not held_before:
        quarantine.hold(connection, contract, tables, source, batch_id)
    counts = accept(
        connection, contract, tables, source=source, batch_id=batch_id, mode=mode, delivered=delivered, typed=typed
    )
    held = quarantine.open_rows(connection, batch_id)
    if held != counts.quarantined:
        raise AssertionError(f"batch {batch_id}: {counts.quarantined} rows are held, {held} are in quarantine")
    return counts


def _refusal(verdicts: Sequence[BatchVerdict], fared: Sequence[RuleCount]) -> str | None:
    """Why a delivery is refused, a few sentences; None when it is not."""
    said = [v.sentence for v in verdicts if v.refuses and v.sentence]
    for one in fared:
        rule = one.rule
        if rule.severity == "error" and not one.within_tolerance:
            percent = one.failed * 100 / max(one.checked, 1)
            said.append(
                f"{rule.rule_id}: {one.failed} trên {one.checked} dòng ({percent:.1f} %), mức cho phép "
                f"{rule.tolerance:g} %. {rule.sentence}"
            )
    if not said:
        return None
    more = f" Và {len(said) - _SENTENCES} lý do khác." if len(said) > _SENTENCES else ""
    return " ".join(said[:_SENTENCES]) + more
