"""What the demos of all backends share: the phone in your hand, and the control API of a simulator."""
