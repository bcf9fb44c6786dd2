"""Frozen networks that were trained on millions of pictures: what a few hundred clips cannot teach.

Start with `loading.load_backbone` (EfficientNet-lite0: what a picture shows) and `loading.load_pose_network`
(MoveNet: where a person's joints are).
"""
