"""A clock that moves only when a test says so."""


class FakeClock:
    """Starts at a fixed time; `sleep` moves it on at once."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
