"""Peer-attention video networks: build, train, record and prune them.

Nothing is imported here, so that the decoder's worker process can use `peerattn.video` without loading torch.
"""
