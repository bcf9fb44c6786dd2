"""The one exception a user's input can cause."""


class PeerattnError(ValueError):
    """A refused input: its message is one plain line that says what is wrong and what to do."""
