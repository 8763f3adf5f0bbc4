"""A progress bar on stderr, shown only for tasks of more than two seconds."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

DELAY_S = 2.0


class Bar:
    """Context manager whose value is a callback (done, total); one line per tenth if stderr is not a terminal."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.begin = time.monotonic()
        self.bar: Any = None
        self.task: Any = None
        self.last_tenth = 0

    def __enter__(self) -> Bar:
        return self

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self.begin < DELAY_S or done >= total:
            return
        from rich.console import Console

        console = Console(stderr=True, highlight=False)
        if not console.is_terminal:
            tenth = 10 * done // total
            if tenth > self.last_tenth:
                self.last_tenth = tenth
                console.print(f"{self.title}: {10 * tenth} %")
            return
        if self.bar is None:
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self.bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeRemainingColumn(),
                console=console, transient=True,
            )  # fmt: skip
            self.bar.start()
            self.task = self.bar.add_task(self.title, total=total)
        self.bar.update(self.task, completed=done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()
