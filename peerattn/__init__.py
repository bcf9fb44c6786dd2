"""Peer-attention video networks: build, train, record and prune them.

Nothing is imported here but what says where old names have gone, so that the decoder's worker process can
use `peerattn.video` without loading torch.
"""

import peerattn.moved as _moved  # noqa: F401 - its import is its effect
