"""What `cleo doctor` checks of the Cloud API."""
