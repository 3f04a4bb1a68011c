"""The read model and the accounts, in SQL."""
