"""Never lose a play: rebuild, backup, restore, forget, compact, export."""
