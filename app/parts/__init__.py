"""What several screens are put together from: the bar above them, uploads, cards, tables, words.

Imports explorer, opening, work and state. Start with `bar.show`, `elements.number` and `words.plain`.
"""
