"""Jobs under failure: islands of members that stop together, with checkpoints, spares, fewer members, and a quorum of islands.

An island works for an interval, saves a checkpoint, and so on. A failure of a member throws it back to the last checkpoint, or to the newest
copy of one that survives (`sim.fleet.replicas.checkpoints`); after the recovery it goes on. So what a failure costs follows from when it comes,
in closed form: nothing happens between failures.
Amounts are members x seconds. Those of work that is later rolled back are moved to the recovery at the times at which it was done.
"""

from __future__ import annotations

from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.replicas.checkpoints import commit, roll_back, stored_again, worked
from sim.fleet.replicas.heap import push
from sim.fleet.replicas.record import count, shift_job, spread, spread_between
from sim.fleet.replicas.tables import (
    BIN,
    HELD,
    JOB_COLUMNS,
    KEPT,
    LACKING,
    NOTHING,
    NOW,
    ONE,
    RECOVERED,
    RECOVERING,
    ROLLED_BACK,
    RUNNING,
    Column,
    JobColumn,
    whole,
)

USEFUL, SAVING, RECOVERY = whole(JobColumn.USEFUL), whole(JobColumn.SAVING), whole(JobColumn.RECOVERY)
SLOWED, WAITING, INTERRUPTIONS = whole(JobColumn.SLOWED), whole(JobColumn.WAITING), whole(JobColumn.INTERRUPTIONS)
ACTIVE, PACED, SWAPS = whole(JobColumn.ACTIVE), whole(JobColumn.PACED), whole(Column.SWAPS)


@exact_part
def settle(plan: Any, state: Any, g: int, lost: int) -> None:
    """Enter what an island did until now into the record. Rolled back, work since its last checkpoint is to be done again."""
    island, run = plan.islands[g], state.runs[g]
    now_s, last, members = state.amount[NOW], state.number[BIN], float(island["members"])
    jobs, first, since_s = state.jobs, JOB_COLUMNS * (island["job"] * plan.types.shape[0] + run["type"]), run["from_s"]
    span_s = now_s - since_s
    run["from_s"] = now_s
    if run["mode"] == RECOVERING:
        waited_s = min(max(run["wait_until_s"] - since_s, 0.0), span_s)
        spread_between(jobs, plan.edges_s, last, since_s, since_s + waited_s, first + WAITING, members * waited_s)
        spread(jobs, plan.edges_s, last, since_s + waited_s, now_s, first + RECOVERY, members * (span_s - waited_s))
    elif run["mode"] != RUNNING:
        spread(jobs, plan.edges_s, last, since_s, now_s, first + WAITING, members * span_s)
    else:
        interval_s, save_s, speed = island["interval_s"], island["save_s"], run["speed"]
        before_s, after_s = run["open_s"], run["open_s"] + span_s
        work_s = worked(after_s, interval_s, save_s) - worked(before_s, interval_s, save_s)
        spread(jobs, plan.edges_s, last, since_s, now_s, first + USEFUL, members * speed * work_s)
        spread(jobs, plan.edges_s, last, since_s, now_s, first + SLOWED, members * (1.0 - speed) * work_s)
        spread(jobs, plan.edges_s, last, since_s, now_s, first + SAVING, members * (span_s - work_s))
        if island["first_copy"] < island["last_copy"]:
            commit(plan, state, g, before_s, span_s)
        cycle_s = interval_s + save_s
        if after_s >= cycle_s:
            after_s %= cycle_s
            run["open_work"] = speed * min(after_s, interval_s)
        else:
            run["open_work"] += speed * work_s
        run["open_s"] = after_s
    if lost == ROLLED_BACK and island["first_copy"] < island["last_copy"]:
        roll_back(plan, state, g)
    elif lost == ROLLED_BACK and run["open_s"] > 0.0:
        begin_s, done_s = now_s - run["open_s"], min(run["open_s"], island["interval_s"])
        spread(jobs, plan.edges_s, last, begin_s, now_s, first + USEFUL, -members * run["open_work"])
        spread(jobs, plan.edges_s, last, begin_s, now_s, first + SLOWED, -members * (done_s - run["open_work"]))
        spread(jobs, plan.edges_s, last, begin_s, now_s, first + SAVING, -members * (run["open_s"] - done_s))
        spread(jobs, plan.edges_s, last, begin_s, now_s, first + RECOVERY, members * run["open_s"])
    if lost == ROLLED_BACK:
        run["open_s"], run["open_work"] = 0.0, 0.0


@exact_inlined
def slowest(plan: Any, state: Any, g: int) -> float:
    """Rate of the slowest active member of an island, as the island knows it."""
    least = 1.0
    for slot in range(plan.islands[g]["first_slot"], plan.islands[g]["last_slot"]):
        if state.places[slot]["active"] == 1:
            least = min(least, state.places[slot]["share"])
    return least


@exact_inlined
def oldest_type(plan: Any, state: Any, g: int) -> int:
    """First type of satellites among the active members of an island, which all the others wait for; as before where none is active."""
    first = plan.types.shape[0] - 1 if state.runs[g]["active"] > 0 else state.runs[g]["type"]
    for slot in range(plan.islands[g]["first_slot"], plan.islands[g]["last_slot"]):
        if state.places[slot]["active"] == 1:
            first = min(first, state.places[slot]["type"])
    return int(first)


@exact_inlined
def set_type(plan: Any, state: Any, g: int) -> None:
    """Let an island go on at the pace of its oldest members."""
    run, job, members = state.runs[g], plan.islands[g]["job"], float(state.runs[g]["active"])
    shift_job(plan, state, job, run["type"], PACED, -members)
    run["type"] = oldest_type(plan, state, g)
    shift_job(plan, state, job, run["type"], PACED, members)


@exact_inlined
def activate(plan: Any, state: Any, slot: int, active: int) -> None:
    """Make the satellite of a slot a member of its island, or no member; a member is counted under its type."""
    place, job, pace = state.places[slot], plan.slots[slot]["job"], state.runs[plan.slots[slot]["island"]]["type"]
    if place["active"] == 1:
        shift_job(plan, state, job, place["type"], ACTIVE, -1.0)
        shift_job(plan, state, job, pace, PACED, -1.0)
    place["active"] = active
    if active == 1:
        place["type"] = state.rows[place["row"]]["type"]
        shift_job(plan, state, job, place["type"], ACTIVE, 1.0)
        shift_job(plan, state, job, pace, PACED, 1.0)


@exact_inlined
def set_speed(plan: Any, state: Any, g: int) -> None:
    """Let an island run at the pace of its members, and no faster than the slowest of them; slow ones are left out where that is faster."""
    island, run = plan.islands[g], state.runs[g]
    first, least = island["first_pace"], slowest(plan, state, g)
    best = plan.pace[first + run["active"]] * least
    fewer = island["members"] > 1 and plan.pace[first + island["members"] - 1] > 0.0
    while fewer and least < 1.0:
        above, faster = 1.0, 0
        for slot in range(island["first_slot"], island["last_slot"]):
            place = state.places[slot]
            if place["active"] == 1 and place["share"] > least:
                above = min(above, place["share"])
                faster += 1
        best, least = max(best, plan.pace[first + faster] * above), above
        fewer = plan.pace[first + faster] > best
    run["speed"] = best


@exact_part
def switch(plan: Any, state: Any, job: int, before: int, after: int) -> None:
    """Let all islands of a job that are in one mode go on in another."""
    for g in range(plan.islands.shape[0]):
        if plan.islands[g]["job"] == job and state.runs[g]["mode"] == before:
            settle(plan, state, g, KEPT)
            state.runs[g]["mode"] = after


@exact_part
def leave_run(plan: Any, state: Any, g: int, mode: int) -> None:
    """End what an island does and put it into another mode; the other islands of its job stop where that breaks the quorum."""
    settle(plan, state, g, KEPT)
    run, job = state.runs[g], plan.islands[g]["job"]
    ran = run["mode"] in (RUNNING, HELD)
    run["mode"] = mode
    if ran:
        state.running[job] -= 1
        if state.running[job] == plan.islands[g]["quorum"] - 1:
            switch(plan, state, job, RUNNING, HELD)


@exact_part
def begin(plan: Any, state: Any, g: int, extra_s: float, lacks: int) -> None:
    """Start the recovery of an island, or let it wait for members; one that lacks some (1) waits before it goes on with fewer."""
    island, run = plan.islands[g], state.runs[g]
    run["interruption"] += 1
    wait_s = island["patience_s"] if lacks == 1 else 0.0
    if plan.pace[island["first_pace"] + run["active"]] <= 0.0:
        leave_run(plan, state, g, LACKING)
        set_type(plan, state, g)
        return
    leave_run(plan, state, g, RECOVERING)
    set_type(plan, state, g)
    run["wait_until_s"] = state.amount[NOW] + wait_s
    push(state, state.amount[NOW] + wait_s + island["recovery_s"] + run["reload_s"] + extra_s, RECOVERED, g, NOTHING, NOTHING, run["interruption"])


@exact_part
def recovered(plan: Any, state: Any, g: int) -> None:
    """The recovery of an island has ended: it runs, or waits for the quorum."""
    settle(plan, state, g, KEPT)
    island, run = plan.islands[g], state.runs[g]
    stored_again(plan, state, g, NOTHING)
    set_speed(plan, state, g)
    job = island["job"]
    state.running[job] += 1
    run["mode"] = RUNNING if state.running[job] >= island["quorum"] else HELD
    if state.running[job] == island["quorum"]:
        switch(plan, state, job, HELD, RUNNING)


@exact_inlined
def best_idle(plan: Any, state: Any, g: int, above: float) -> int:
    """Slot of the fastest satellite of an island that is no member, if it is faster than a rate; the first of equals; -1: none."""
    found, best = -1, above
    for slot in range(plan.islands[g]["first_slot"], plan.islands[g]["last_slot"]):
        row = state.places[slot]["row"]
        if state.places[slot]["active"] == 0 and row >= 0 and state.rows[row]["share"] > best:
            found, best = slot, state.rows[row]["share"]
    return found


@exact_part
def member(plan: Any, state: Any, slot: int, interrupts: int) -> None:
    """The rate of a satellite of an island has changed, or a unit of it was down for a moment."""
    g, place = plan.slots[slot]["island"], state.places[slot]
    island, run, row = plan.islands[g], state.runs[g], state.places[slot]["row"]
    share = state.rows[row]["share"] if row >= 0 else 0.0
    before, mode = place["share"], run["mode"]
    place["share"] = share
    if place["active"] == 1 and row >= 0 and state.rows[row]["type"] != place["type"]:
        activate(plan, state, slot, 1)  # one of another type has come at the same moment
    if place["active"] == 1 and (share < before or interrupts == 1):
        # the island is thrown back, and a faster spare takes the rank
        # of several members that are lost at one instant, or in one recovery, each may have had a copy of another
        copied = island["first_copy"] < island["last_copy"] and (mode == RECOVERING or run["thrown_s"] == state.amount[NOW])
        settle(plan, state, g, ROLLED_BACK if mode in (RUNNING, HELD) or copied else KEPT)
        if mode != LACKING:
            record = island["job"] * plan.types.shape[0] + run["type"]
            state.jobs[state.number[BIN], JOB_COLUMNS * record + INTERRUPTIONS] += 1.0
        spare = best_idle(plan, state, g, share)
        if spare >= 0:
            activate(plan, state, spare, 1)
            count(state, SWAPS, 1.0)
        if spare >= 0 or share <= 0.0:
            activate(plan, state, slot, 0)
            place["left_s"] = state.amount[NOW]
        if spare < 0 and share <= 0.0:
            run["active"] -= 1
        begin(plan, state, g, 0.0, 1 if run["active"] < island["members"] else 0)
    elif place["active"] == 1 and share > before:
        settle(plan, state, g, KEPT)
        set_speed(plan, state, g)
    elif place["active"] == 0 and share > 0.0 and run["active"] < island["members"]:
        join(plan, state, g, slot)


@exact_inlined
def join(plan: Any, state: Any, g: int, slot: int) -> None:
    """A satellite joins an island that has not all its members; an older one only where the island is not slower with it."""
    island, run = plan.islands[g], state.runs[g]
    k, kind = run["active"], state.rows[state.places[slot]["row"]]["type"]
    older = kind < run["type"]
    rate = plan.types[kind]["rate"] / plan.types[run["type"]]["rate"] if older else 1.0
    gains = rate * plan.pace[island["first_pace"] + k + 1] > plan.pace[island["first_pace"] + k]
    if older and run["mode"] in (RUNNING, HELD) and not gains:
        return
    activate(plan, state, slot, 1)
    run["active"] = k + 1
    waits = run["mode"] == RECOVERING and state.amount[NOW] < run["wait_until_s"]
    if run["mode"] == LACKING or waits:
        begin(plan, state, g, 0.0, 1 if k + 1 < island["members"] and waits else 0)
    elif run["mode"] in (RUNNING, HELD) and not gains:
        settle(plan, state, g, KEPT)
        set_speed(plan, state, g)
    elif run["mode"] in (RUNNING, HELD):
        # a planned stop: the island saves what it has, and starts again with one more
        settle(plan, state, g, KEPT)
        run["open_s"], run["open_work"] = 0.0, 0.0
        stored_again(plan, state, g, ONE)
        begin(plan, state, g, island["save_s"], 0)
