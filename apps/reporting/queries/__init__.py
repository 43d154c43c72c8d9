"""Reads for the home page and the search; nothing here writes."""
