"""Benchmarks of speed and memory: ratios of tasks timed alternately in one process, as medians."""
