"""The social chain: mentions in, counted signals out (CONTRIBUTING.md draws it)."""
