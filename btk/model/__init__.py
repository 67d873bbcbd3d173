"""The foundation: frozen nouns that every other room speaks in."""
