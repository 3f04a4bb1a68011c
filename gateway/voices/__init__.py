"""Voices that a person wants to have recognised in later meetings: kept, compared, and named."""
