"""Many at once on a real PostgreSQL: of those that exclude each other one wins, what is counted is exact."""
