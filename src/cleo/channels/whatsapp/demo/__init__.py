"""What the demos of all backends share: the phone, the host that runs them, a simulator's control API."""
