"""Reaches servers (Docker, n8n, MCP servers), only with a guard's permit in hand: the only room that does.

book = ContainerBook(engine)                    # names and health, kept fresh by events
operations = Operations(gate, engine, book, workflows)
permit = gate.ask(request, identity, book.live_names, now)
result = await operations.carry_out(permit)     # intent, act, look, outcome
say(sentence(result))
"""
