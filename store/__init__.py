"""What is remembered: tables, queries by noun, settings and migrations."""
