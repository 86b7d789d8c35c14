"""The documentation site: contracts, relations, sources, rules, lineage and quality as pages that need no network."""
