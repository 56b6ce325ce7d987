"""What the rows of a company look like before anything is learnt from them: findings, each with dates, a guess, one action.

    records (record.py) ─► usual (usual.py) ─► one module per kind of finding ─► examination.py ─► Finding (findings.py)

Nothing here changes a row. Precision goes before recall: what chance, a holiday or a busy week explains is not told.
"""
