"""What every family of models needs, written once; knows no family."""
