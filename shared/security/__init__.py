"""What proves who somebody is and what a link may read: passwords, access tokens, signed links."""
