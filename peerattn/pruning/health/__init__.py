"""The health report of a network: parts that never learned, do nothing, or never change.

Start with `report.examine`; the limits are in `limits`.
"""
