"""Assets in the order of a record's way: reference data, raw records, persons, models, release."""
