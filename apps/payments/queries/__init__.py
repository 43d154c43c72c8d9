"""Reads of payments, of the current company."""
