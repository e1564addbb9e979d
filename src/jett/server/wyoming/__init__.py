"""Wyoming: Jett's ears, voice and answers for Home Assistant, on one port. There is no password in this protocol.

    serving   the port, who is let in, what an end does
    reading   bytes to events, bounded
    connection   one client: its requests one after another
    hearing, speaking, handling, waking   what they ask for
    described   what Jett says it can do

Protocol: https://github.com/OHF-Voice/wyoming.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():  # it imports audioop where there is one, which Python 3.11 and 3.12 warn of
    warnings.simplefilter("ignore", DeprecationWarning)
    import wyoming.audio  # noqa: F401
