"""Writing the site: everything is read first, then all pages are put in place in one go."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from orchestration.dbt import ensure_manifest
from orchestration.documentation import catalogue as terms
from orchestration.documentation.catalogue import read_catalogue
from orchestration.documentation.figures import read_figures
from orchestration.documentation.lineage import compiled_models, read_lineage
from orchestration.documentation.pages import Site, names_of, pages
from orchestration.documentation.prose import prose
from orchestration.relations import load_manifest
from orchestration.settings import TIMEZONE, Settings, today
from sources.contract import KINDS
from sources.errors import ExplainedError
from sources.registry import load_sources

ASSETS = Path(__file__).parent / "assets"
#: A folder that holds this file is a site of ours and may be replaced.
MARKER = Path("assets") / "site.css"
CONNECTORS = {
    "database": "Cơ sở dữ liệu",
    "workbook": "Bảng tính Excel",
    "csv": "Tệp CSV",
    "rest": "Dịch vụ REST",
}
KIND_TERMS = {"organisation": "Tổ chức", "member": "Đảng viên", "cadre": "Cán bộ", "staffing": "Biên chế"}


class DocumentationError(ExplainedError):
    """The site was not written; the message says why and what to do."""


def build_site(configuration: Settings, out: Path, *, written_at: datetime | None = None) -> Site:
    """Write the site into `out`, in place of the one that stands there.

    Raises DocumentationError when `out` holds something else, DbtError, ContractError or RegistryError when the
    project does not hold.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARKER).exists():
        raise DocumentationError(f"{out} is not empty and holds no site of ours: name another folder with --out.")
    manifest = load_manifest(ensure_manifest(configuration))
    compiled = compiled_models(configuration, today())
    lineage = read_lineage(manifest, compiled)
    figures, note = read_figures(configuration)
    site = Site(
        catalogue=read_catalogue(manifest, lineage, compiled),
        sources=load_sources(configuration.registry),
        figures=figures,
        written_at=written_at or datetime.now(TIMEZONE),
        note=note,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        written = Path(folder) / "site"
        _write(site, written)
        if out.exists():
            shutil.rmtree(out)
        written.rename(out)
    return site


def _write(site: Site, folder: Path) -> None:
    shutil.copytree(ASSETS, folder / "assets")
    environment = _environment(site)
    listed = list(pages(site))
    for page in listed:
        file = folder / page.path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = environment.get_template(page.template).render(page=page, root=page.root, **page.context)
        file.write_text(text, encoding="utf-8")
    index = json.dumps(list(names_of(site)), ensure_ascii=False, separators=(",", ":"))
    (folder / "assets" / "names.js").write_text(f"window.lienthongNames = {index};\n", encoding="utf-8")


def _environment(site: Site) -> Environment:
    environment = Environment(
        loader=PackageLoader("orchestration.documentation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "day": _day, "law": terms.law, "percent": _percent}
    environment.filters["heading"] = lambda text: terms.heading(text, text)
    environment.filters["prose"] = lambda text: prose(text, site.catalogue)
    environment.filters["capital"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["connector"] = lambda name: CONNECTORS.get(name, name)
    environment.globals |= {
        "site": site,
        "catalogue": site.catalogue,
        "figures": site.figures,
        "kinds": KINDS,
        "kind_terms": KIND_TERMS,
        "classes": terms.CLASSES,
        "not_sure": terms.NOT_SURE,
        "condition": terms.condition,
        "basis": terms.basis,
    }
    return environment


def _number(value: float) -> str:
    return f"{value:,}".replace(",", ".")


def _percent(value: float) -> str:
    return f"{value:.2f}".replace(".", ",") + " %"


def _day(value: date) -> str:
    return value.strftime("%d/%m/%Y")
