"""The blocks and heads that a network is made of; `registry` lists them by the name of their kind."""
