"""One shape for every step, how steps wake each other, and how they run side by side."""
