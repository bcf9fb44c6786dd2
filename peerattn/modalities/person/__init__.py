"""What a network reads of the acting person: their joints, the flow at them, and the square around them.

Start with `features.describe_person`, which makes all of it from the frames of a clip.
"""
