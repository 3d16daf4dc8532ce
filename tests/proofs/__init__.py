"""Proofs that the promises hold: a state machine beside a model, poison for every function, races on a real record."""
