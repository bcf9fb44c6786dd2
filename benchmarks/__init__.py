"""Speed and memory, as ratios measured in one process, interleaved, medians."""
