"""The HTTP interface and the dashboard on the same application."""
