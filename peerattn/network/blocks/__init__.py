"""The blocks that a network is made of; `registry` has their kinds by name."""
