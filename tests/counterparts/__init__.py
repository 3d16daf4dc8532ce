"""Local stand-ins for services of other people, spoken to over real sockets."""
