"""How time passes for a shop whose scheduler asks every minute: from what is due to what is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from loyalty.events import tick

if TYPE_CHECKING:
    from infra.simulator.what_waits import Pass
    from infra.simulator.world import World

LONGEST = 5000
"""So often something is due at most in all the time that a schedule lets pass."""
HEARD = (1, 5, 400, 400)
"""So many messages at most are heard before the scheduler asks again."""


class Passing:
    """Lets time pass step by step. What was begun before a crash ends when it was to end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._goal: datetime | None = None
        self._steps = 0

    @property
    def goes_on(self) -> bool:
        """Tell whether it is not over yet."""
        return self._goal is not None

    def is_over(self, event: Pass) -> bool:
        """Go on to the next instant at which something is due; tell whether that was the last.

        Raises TimeoutError if something is due for ever.
        """
        world, self._steps = self._world, self._steps + 1
        self._goal = self._goal or world.clock.now() + timedelta(minutes=event.minutes)
        if self._steps > LONGEST:
            raise TimeoutError("something is due for ever")
        for _ in range(world.chance.choice(HEARD)):
            if not world.hear_next():
                break
        return not world.is_owed_an_answer() and self._goes_on(self._goal)

    def _goes_on(self, goal: datetime) -> bool:
        world = self._world
        now, due = world.clock.now(), world.next_due(every=True)
        if not world.bus.pending and (due is None or due > now):
            world.rested.append(now)
        world.clock.set(max(now, min(due or goal, goal)))
        world.bus.publish("sweep-requested", [tick()])
        world.call_back_due()
        over = due is None or due > goal
        self._goal = None if over else goal
        return over
