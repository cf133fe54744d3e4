"""What every fit has: state, tests, tables, comparison, files."""
