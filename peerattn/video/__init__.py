"""Video file -> `Frames`, decoded in a process of its own that imports no torch."""
