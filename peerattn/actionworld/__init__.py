"""Generated clips of a figure acting on an object."""
