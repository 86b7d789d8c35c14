"""What dbt knows of the contracts: its sources file and the terms its models describe columns with.

`python -m sources.dbt_sources` writes both files, `--check` fails where one differs from the contracts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from sources.contract import Contract, Property, load_contracts

MODELS = Path(__file__).parent.parent / "dbt_project" / "models"
SOURCES_FILE = MODELS / "staging" / "_raw__sources.yml"
TERMS_FILE = MODELS / "staging" / "_contract_terms.md"
COMMAND = "python -m sources.dbt_sources"

PROVENANCE = {
    "source": ("text", "Mã nguồn gửi bản ghi"),
    "file": ("text", "Tệp của nguồn"),
    "sheet": ("text", "Trang tính trong tệp"),
    "row_no": ("bigint", "Số thứ tự dòng trong tệp hoặc lần gửi"),
    "repairs": ("text[]", "Các phép sửa an toàn đã làm khi tiếp nhận"),
    "row_hash": ("bigint", "Dấu vết nội dung dòng"),
    "first_batch": ("bigint", "Lần gửi đầu tiên có phiên bản này"),
    "last_batch": ("bigint", "Lần gửi đã đóng phiên bản này; trống là đang hiệu lực"),
}


def term(p: Property) -> str:
    """The Vietnamese term of a field, with its explanation where the contract has one."""
    return f"{p.business_name}. {p.description}" if p.description else p.business_name


def _column(name: str, data_type: str, description: str, **meta: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "data_type": data_type,
        "description": description,
        "config": {"meta": {key: value for key, value in meta.items() if value}},
    }


def _columns(contract: Contract) -> Iterable[dict[str, Any]]:
    for name, (data_type, description) in PROVENANCE.items():
        yield _column(name, data_type, description, classification="P0")
    for p in contract.properties:
        yield _column(
            p.name,
            p.physical_type,
            term(p),
            classification=p.classification,
            code_list=p.code_list,
            legal_basis=p.legal_basis,
        )
        if p.partial_date:
            yield _column(p.precision, "text", _precision_term(p), classification=p.classification)


def _precision_term(p: Property) -> str:
    return f"Độ chính xác của {p.business_name.lower()}: D biết ngày, M chỉ biết tháng, Y chỉ biết năm"


def sources_file(contracts: Iterable[Contract]) -> str:
    """The sources file of schema raw."""
    document = {
        "version": 2,
        "sources": [
            {
                "name": "raw",
                "schema": "raw",
                "description": "Mọi điều các nguồn đã gửi và thời điểm gửi",
                "tables": [
                    {
                        "name": contract.record,
                        "description": f"{contract.business_name}: {contract.purpose}",
                        "columns": list(_columns(contract)),
                    }
                    for contract in contracts
                ],
            }
        ],
    }
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=160)
    return f"# Written from the contracts by `{COMMAND}`; change a contract, not this file.\n{text}"


def terms_file(contracts: Iterable[Contract]) -> str:
    """A dbt doc block for every field, named <record>__<field>."""
    blocks = [f"{{# Written from the contracts by `{COMMAND}`; change a contract, not this file. #}}"]
    for contract in contracts:
        for p in contract.properties:
            blocks.append(_block(f"{contract.record}__{p.name}", term(p)))
            if p.partial_date:
                blocks.append(_block(f"{contract.record}__{p.precision}", _precision_term(p)))
    return "\n\n".join(blocks) + "\n"


def _block(name: str, text: str) -> str:
    return f"{{% docs {name} %}}{text}{{% enddocs %}}"


def generated() -> dict[Path, str]:
    """Every generated file with the content the contracts ask for."""
    contracts = list(load_contracts().values())
    return {SOURCES_FILE: sources_file(contracts), TERMS_FILE: terms_file(contracts)}


def drifted() -> list[Path]:
    """Generated files that are absent or say something else than the contracts."""
    return [f for f, text in generated().items() if not f.exists() or f.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write the files, or with --check only compare; exit code 1 on a difference."""
    if arguments == ["--check"]:
        for file in drifted():
            sys.stderr.write(f"{file.name} differs from the contracts: run `{COMMAND}`.\n")
        return 1 if drifted() else 0
    for file, text in generated().items():
        file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
