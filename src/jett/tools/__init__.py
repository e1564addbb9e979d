"""What the LLM and the fast path may call."""
