"""The judge of e-invoices: a process of its own that runs the rules of EN 16931."""
