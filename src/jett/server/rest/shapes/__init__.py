"""The shapes of the REST interface, page by page; the dashboard's TypeScript types are made from them, by the document.

Times are RFC 3339 in UTC, durations milliseconds. Unknown is null, never a guess. Texts were redacted before.
"""
