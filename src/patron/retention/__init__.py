"""Who stayed, who left, what came back: metrics by period, cohorts, lifespans, moves between tiers."""

__all__: list[str] = []
