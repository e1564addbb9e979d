"""What the fast path and the language model may call, and the fast path's sentence templates.

Nothing here reaches a server: a tool asks the guard, and `ops` carries out what the guard permits.
"""
