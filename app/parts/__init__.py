"""The building blocks that several screens share: the bar, uploads, cards, tables and wording.

Imports explorer, opening, work and state. Start with `bar.show`, `elements.metric` and `words.plain`.
"""
