"""What all stand-ins share: web server, clock, faults, counting, admin pages."""
