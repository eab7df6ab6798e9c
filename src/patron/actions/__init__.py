"""What to do on Monday: the worklist, what was done before, products to offer, accounts to look after."""

__all__: list[str] = []
