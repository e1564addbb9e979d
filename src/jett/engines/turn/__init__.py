"""Turn detection: has the speaker finished?"""
