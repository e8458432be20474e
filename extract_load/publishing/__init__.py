"""The file that readers open: what goes into it, and how it is put in place."""
