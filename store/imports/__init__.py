"""Files into the store. One file is one upload, a layer; one module here per kind of file, `kinds.py` names them all.

    import_KIND(session, settings, source, *, now, name, timezone, date_order, ...) -> Imported

When a row of a file counts as known (measuring.md, "Time known"): at the END of its interval, marked as assumed.
A row that corrects one already held is known now (`revision`), unless the file repairs an import that nobody acted on
(`correction`). What comes by a job is known at its receipt, once its series has a history (`receipt`).
Nothing here commits: a dry run rolls back.
"""
