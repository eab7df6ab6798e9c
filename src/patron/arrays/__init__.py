"""A narwhals backend on numpy arrays: small frames are answered in microseconds, not milliseconds."""

from patron.arrays.column import Column, text_column
from patron.arrays.frame import ArrayFrame, array_frame

__all__ = ["ArrayFrame", "Column", "array_frame", "text_column"]
