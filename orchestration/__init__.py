"""When it runs: server, intake, models, publication, Dagster and the command line."""
