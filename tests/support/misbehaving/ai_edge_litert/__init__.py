"""Stands in for a runtime that misbehaves, in the way that the model file's text names."""
