"""Who is who: evidence, clusters and permanent ids of persons."""
