"""How a line is read: by names of commands, with typos corrected, by similar sentences; and what is offered if it is
unclear.
"""
