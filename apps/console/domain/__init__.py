"""Plain Python of the console."""
