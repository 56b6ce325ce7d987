"""Reports as files: the week report as PDF, Excel and HTML, in English and Dutch.

    Report (forecast/week_report.py) ─► document.py: words, tables, bars ─► pdf.py, xlsx.py, html.py

The catalogue of texts lives here (`texts_en.yaml`, `texts_nl.yaml`) and not with the dashboard's: the domain may not ask the
API for words, and the command line, the API and the page all print the same ones.
"""
