"""Customer days on disk: built once from the order lines, then brought up to date."""
