"""What reading a frame checks, wherever its rows are."""
