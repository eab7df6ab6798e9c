"""Is it still true: promised against realised, drift, the state of the data."""
