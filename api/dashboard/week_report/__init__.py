"""Page Week report: the week on one page, and as PDF and Excel."""
