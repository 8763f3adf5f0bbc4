"""Work that counts or is lost: every second that members spend ends in one place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.schema import CAUSES
from sim.workload.jobs.ledger import ROW, Ledger
from sim.workload.jobs.provisional_work import NOTHING, Done, Happened, ProvisionalWork
from sim.workload.jobs.run_losses import CHECKPOINT, MESSAGES_OF_OTHERS, PARTS, SPENT_ON, USEFUL, Spent

SATELLITES, STEPS = 5, 6
WEIGHT = np.array([1.0, 0.5, 2.0, 1.0, 0.25])
MEMBERS = (np.array([0, 2, 3]), np.array([4, 1]))

events = st.sampled_from(["work", "save", "keep", "validate", "roll back", "spoil", "redo", "other members"])


def work(rng: np.random.Generator, step: int, present: np.ndarray, saves: bool) -> Done:
    """Random seconds of the members: of a save all on the checkpoint."""
    spent = rng.uniform(0.1, 9.0, (PARTS, present.size))
    if saves:
        spent[np.arange(PARTS) != CHECKPOINT] = 0.0
    seconds = 0.0 if saves else float(rng.uniform(1.0, 60.0))
    return Done(step, present, 7.0 * seconds, seconds, Spent(spent, spent @ WEIGHT[present]))


class Book:
    """The same kept moment by moment, each with what becomes of it."""

    def __init__(self) -> None:
        self.own, self.induced = np.zeros((len(CAUSES), SATELLITES)), np.zeros((len(CAUSES), SATELLITES))
        self.open: list[Done] = []
        self.saved: list[Done] = []
        self.tokens = 0.0

    def count(self, moments: list[Done], copies: int) -> None:
        for done in moments:
            for part, cause in enumerate(SPENT_ON):
                share = 1.0 / copies if part == USEFUL else 1.0
                self.own[ROW[cause], done.present] += share * done.spent.members_s[part]
            self.own[ROW["corruption"], done.present] += (1.0 - 1.0 / copies) * done.spent.members_s[USEFUL]
            self.induced[ROW["communication"], done.present] += done.spent.members_s[MESSAGES_OF_OTHERS]
            self.tokens += done.tokens

    def lose(self, cause: str, moments: list[Done], share: float = 1.0) -> None:
        for done in moments:
            self.own[ROW[cause], done.present] += share * done.spent.members_s.sum(axis=0)


def scaled(done: Done, share: float) -> Done:
    spent = Spent(share * done.spent.members_s, share * done.spent.in_step_s)
    return done._replace(tokens=share * done.tokens, seconds=share * done.seconds, spent=spent)


@given(st.lists(events, max_size=30), st.integers(0, 1000), st.sampled_from([1, 2, 3]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_against_a_book_of_moments(history: list[str], seed: int, copies: int, wrong: bool) -> None:
    """Source of truth: a book in this file that keeps every moment for itself: 1e-12 of rows, sums over satellites the sums over steps."""
    rng = np.random.default_rng(seed)
    provisional, ledger, book = ProvisionalWork(1, STEPS, copies), Ledger(SATELLITES, STEPS, WEIGHT), Book()
    who = 0
    for n, event in enumerate(history):
        step = n * STEPS // max(1, len(history))
        if event in ("work", "save"):
            done = work(rng, step, MEMBERS[who], event == "save")
            provisional.add(0, done)
            book.open.append(done)
        elif event == "other members":
            who = 1 - who
        elif event == "redo" and copies == 2:
            left_s = float(rng.uniform(1.0, 90.0))
            provisional.settle(0, NOTHING._replace(redone=2), left_s / 2.0, ledger)
            while book.open and left_s > 0.0:
                last = book.open.pop()
                share = 1.0 if last.seconds <= left_s else left_s / last.seconds
                book.lose("corruption", [last], share)
                if share < 1.0:
                    book.open.append(scaled(last, 1.0 - share))
                left_s -= last.seconds
        elif event != "redo":
            what = Happened(event in ("keep", "validate"), event == "validate", event == "spoil", event == "roll back", 0)
            provisional.settle(0, what, 1.0, ledger)
            if what.commit:
                book.saved, book.open = [*book.saved, *book.open], []
            if what.validates:
                book.count(book.saved, copies)
                book.saved = []
            if what.spoiled:
                book.lose("corruption", [*book.saved, *book.open])
                book.saved, book.open = [], []
            if what.rollback:
                book.lose("recovery", book.open)
                book.open = []
    rest = [*book.saved, *book.open]
    provisional.end(0, wrong, ledger)
    if wrong:
        book.lose("corruption", rest)
    else:
        book.count(rest, copies)
    assert ledger.own_s == pytest.approx(book.own, rel=1e-12, abs=1e-12)
    assert ledger.induced_s == pytest.approx(book.induced, rel=1e-12, abs=1e-12)
    assert min(ledger.own_s.min(), ledger.step_own_s.min()) >= 0.0
    assert ledger.step_own_s.sum(axis=1) == pytest.approx(book.own @ WEIGHT, rel=1e-12, abs=1e-12)
    assert ledger.step_induced_s.sum(axis=1) == pytest.approx(book.induced @ WEIGHT, rel=1e-12, abs=1e-12)
    assert provisional.tokens.sum() == pytest.approx(book.tokens, rel=1e-12, abs=1e-12)
    left_s = 0.0 if wrong else sum(float(done.spent.in_step_s[USEFUL]) for done in rest) / copies
    assert provisional.useful_s == pytest.approx(left_s, rel=1e-12, abs=1e-12)


def test_time_stands_in_the_steps_in_which_it_was_spent() -> None:
    """By hand: 4 s in step 1 and 6 s in step 2, rolled back in step 5: recovery of steps 1 and 2."""
    ledger, provisional = Ledger(SATELLITES, STEPS), ProvisionalWork(1, STEPS, 1)
    for step, each_s in ((1, 0.4), (2, 0.6)):
        spent = np.full((PARTS, 3), each_s)
        provisional.add(0, Done(step, MEMBERS[0], 1.0, 10.0, Spent(spent, spent.sum(axis=1))))
    provisional.settle(0, NOTHING._replace(rollback=True), 1.0, ledger)
    assert ledger.step_own_s[ROW["recovery"]] == pytest.approx([0.0, 12.0, 18.0, 0.0, 0.0, 0.0])
    assert ledger.own_s[ROW["recovery"]] == pytest.approx([10.0, 0.0, 10.0, 10.0, 0.0])
    assert np.count_nonzero(ledger.own_s.sum(axis=1)) == 1
