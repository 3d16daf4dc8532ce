"""Functions as they are deployed, for tests that serve them by gunicorn and look at what they do."""
