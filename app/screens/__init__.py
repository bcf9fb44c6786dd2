"""One page a file: read the choices, ask `state`, show figures."""
