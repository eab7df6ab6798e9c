"""Which B2B customers are about to stop buying, what each is worth, and whom to call first."""

__version__ = "0.1.0"
