"""Systems that tell of contacts without a contract: a view in a database, a mailbox, Asterisk's queue_log, a JSON address.

Only the modules in here talk to the outside; each gets its client handed in.
"""
