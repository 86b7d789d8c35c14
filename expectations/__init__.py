"""What is good enough: suites from contracts, the gates, quarantine."""
