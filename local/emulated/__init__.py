"""The whole system as separate processes: one a function, on Google's emulators."""
