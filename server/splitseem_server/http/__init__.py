"""What every route needs of HTTP: bodies, options, representations, problems."""
