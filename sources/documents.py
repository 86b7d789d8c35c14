"""YAML by the C parser of libyaml where the wheel has it: contracts are read by every process of a night."""

from __future__ import annotations

from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str) -> Any:
    """The document as plain values. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506  both are safe loaders


def compose_yaml(text: str) -> yaml.Node | None:
    """The document as nodes that know their lines. Raises yaml.YAMLError."""
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return node
