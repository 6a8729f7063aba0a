"""Workbooks and CSV: rows that can be understood alone, located by their cells."""
