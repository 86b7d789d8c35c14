"""Official statistical forms: definitions as data, one query a form over published relations, printed sheets."""
