"""What `deploy.sh` does: look at everything first, lay the ground, migrate, serve, check, and take back what fails."""
