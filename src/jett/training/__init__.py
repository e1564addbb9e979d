"""Wake word heads made on the owner's machine. Pure numerics: sound and features come through callables of `app`."""
