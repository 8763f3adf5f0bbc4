"""Images on a satellite: captured, stored, processed, sent, one satellite at a time, to the moment of each event.

An image waits for processing (where there is any), then for a contact. Between two events all rates are constant, so that the
next event of a satellite follows in closed form: an image is complete, processed, or sent, or the upload has ended.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from orbit.kernels.compile import Floats, Ints, exact_kernel

# parameters of all satellites of a workload; images captured until P_EARLY_S are counted for arrival within a day
P_CAPTURE, P_SEND_BYTE_S, P_UPLOAD_BYTE_S, P_SETUP_S, P_KEEP, P_EARLY_S, PARAMETERS = range(7)
# whole parameters: bytes of an image, of a result, of the storage; switches
N_IMAGE, N_RESULT, N_STORAGE, N_PROCESSED, N_NEWEST_FIRST, N_DROP_OLDEST, N_REPEAT, N_POLICY, NUMBERS = range(9)
# values of a satellite; of the step: time in which it processes, in which images wait for weights, in which weights come to waiting images
(F_NOW, F_CAPTURE, F_WORK, F_SENT, F_ITEM, F_KEEP, F_UPLOAD, F_UPLOADED, F_LINK_FROM, F_BUSY, F_WAITS, F_LOADS, F_RATE, F_FROM, F_UNTIL,
 F_UP, VALUES) = range(17)  # fmt: skip
# counts of a satellite; images and results that had arrived before its contact
(C_WAIT_HEAD, C_WAIT, C_RAW_HEAD, C_RAW, C_RESULT_HEAD, C_RESULT, C_ITEM, C_LINK, C_CAPTURED, C_LOST, C_DISCARDED, C_PROCESSED, C_ARRIVED,
 C_RESULTS, C_WITHIN, C_EARLY, C_REPEATED, C_BEFORE, C_RESULTS_BEFORE, COUNTS) = range(20)  # fmt: skip
NOTHING, RESULT, RAW = 0, 1, 2  # what is being sent
WAIT_RING, RAW_RING, RESULT_RING, RINGS = range(4)
# histogram of delays: equal ratios from one second on
BINS_PER_E = 1000.0  # a thousandth in each bin
DELAY_BINS = 22_000  # to 3.6e9 s
NEVER_S = 1e300
DAY_S = 86400.0


class Images(NamedTuple):
    """Images of all satellites of a workload, and what becomes of them.

    Attributes
    ----------
    values : ndarray, shape (satellites, VALUES)
        Values of each satellite.
    counts : ndarray of int64, shape (satellites, COUNTS)
        Counts of each satellite.
    rings : ndarray, shape (satellites, RINGS, room)
        Moments of capture of images that wait for processing, of images and of results to send [s].
    delays : ndarray of int64, shape (2, DELAY_BINS)
        Delays of images and results that arrived, by `delay_bin`.
    parameter : ndarray, shape (PARAMETERS,)
        Rates and times that all satellites share.
    number : ndarray of int64, shape (NUMBERS,)
        Sizes [B] and switches that all satellites share.
    """

    values: Floats
    counts: Ints
    rings: Floats
    delays: Ints
    parameter: Floats
    number: Ints


@exact_kernel
def delay_bin(delay_s: float) -> int:
    """Bin of a delay: equal ratios of a thousandth above one second.

    Parameters
    ----------
    delay_s : float
        Delay [s], at least 0.

    Returns
    -------
    int
        Number of the bin, below `DELAY_BINS`.
    """
    return min(DELAY_BINS - 1, int(BINS_PER_E * math.log(max(delay_s, 1.0))))


@exact_kernel
def bytes_to_send(images: Images, satellite: int) -> float:
    """Bytes that a satellite has ready to send, with what is left of an upload to it.

    Parameters
    ----------
    images : Images
        State of all satellites.
    satellite : int
        The satellite.

    Returns
    -------
    float
        Volume [B].
    """
    value, count, number = images.values[satellite], images.counts[satellite], images.number
    size = number[N_IMAGE] * count[C_RAW] + number[N_RESULT] * count[C_RESULT] + value[F_UPLOAD]
    if count[C_ITEM] == RAW:
        size += number[N_IMAGE] - value[F_SENT]
    elif count[C_ITEM] == RESULT:
        size += number[N_RESULT] - value[F_SENT]
    return float(size)


@exact_kernel
def stored_bytes(count: Ints, number: Ints) -> int:
    """Bytes in the storage of a satellite; what is being sent stays there until it has arrived.

    Parameters
    ----------
    count : ndarray of int64, shape (COUNTS,)
        Its counts.
    number : ndarray of int64, shape (NUMBERS,)
        Sizes [B].

    Returns
    -------
    int
        Volume [B].
    """
    images = count[C_WAIT] + count[C_RAW] + (1 if count[C_ITEM] == RAW else 0)
    return int(number[N_IMAGE] * images + number[N_RESULT] * (count[C_RESULT] + (1 if count[C_ITEM] == RESULT else 0)))


@exact_kernel
def _push(ring: Floats, head: int, length: int, time_s: float) -> None:
    ring[(head + length) % ring.size] = time_s


@exact_kernel
def _drop_oldest(count: Ints, rings: Floats, number: Ints) -> bool:
    """Lose the oldest image where that is the rule; False where none may be lost."""
    if number[N_DROP_OLDEST] == 0:
        return False
    if count[C_RAW] > 0:
        count[C_RAW_HEAD] = (count[C_RAW_HEAD] + 1) % rings.shape[1]
        count[C_RAW] -= 1
    elif count[C_WAIT] > 1:  # the first is being processed and stays
        first = count[C_WAIT_HEAD]
        second = (first + 1) % rings.shape[1]
        rings[WAIT_RING, second] = rings[WAIT_RING, first]
        count[C_WAIT_HEAD] = second
        count[C_WAIT] -= 1
    else:
        return False
    count[C_LOST] += 1
    return True


@exact_kernel
def _capture(count: Ints, rings: Floats, number: Ints, now_s: float) -> None:
    """An image is complete: it is stored, or the oldest ones make room, or it is lost."""
    count[C_CAPTURED] += 1
    while stored_bytes(count, number) + number[N_IMAGE] > number[N_STORAGE]:
        if not _drop_oldest(count, rings, number):
            count[C_LOST] += 1
            return
    if number[N_PROCESSED]:
        _push(rings[WAIT_RING], count[C_WAIT_HEAD], count[C_WAIT], now_s)
        count[C_WAIT] += 1
    else:
        _push(rings[RAW_RING], count[C_RAW_HEAD], count[C_RAW], now_s)
        count[C_RAW] += 1


@exact_kernel
def _processed(value: Floats, count: Ints, rings: Floats, number: Ints, keep: float) -> None:
    """The first waiting image is processed: a result is ready, and the image is kept, deleted, or lost where the result leaves it no room."""
    captured_s = rings[WAIT_RING, count[C_WAIT_HEAD]]
    count[C_WAIT_HEAD] = (count[C_WAIT_HEAD] + 1) % rings.shape[1]
    count[C_WAIT] -= 1
    count[C_PROCESSED] += 1
    if number[N_RESULT]:  # it is no larger than the image, and fits
        _push(rings[RESULT_RING], count[C_RESULT_HEAD], count[C_RESULT], captured_s)
        count[C_RESULT] += 1
    value[F_KEEP] += keep
    if value[F_KEEP] < 1.0 - 1e-9:
        count[C_DISCARDED] += 1
        return
    value[F_KEEP] -= 1.0
    while stored_bytes(count, number) + number[N_IMAGE] > number[N_STORAGE]:
        if count[C_RAW] == 0 or not _drop_oldest(count, rings, number):
            count[C_LOST] += 1
            return
    _push(rings[RAW_RING], count[C_RAW_HEAD], count[C_RAW], captured_s)
    count[C_RAW] += 1


@exact_kernel
def _take_next(value: Floats, count: Ints, rings: Floats, number: Ints) -> None:
    """The next item to send: results before images, the oldest image or the newest first."""
    value[F_SENT] = 0.0
    if count[C_RESULT] > 0:
        count[C_ITEM] = RESULT
        value[F_ITEM] = rings[RESULT_RING, count[C_RESULT_HEAD]]
        count[C_RESULT_HEAD] = (count[C_RESULT_HEAD] + 1) % rings.shape[1]
        count[C_RESULT] -= 1
    elif count[C_RAW] > 0:
        count[C_ITEM] = RAW
        at = count[C_RAW_HEAD]
        if number[N_NEWEST_FIRST]:
            at = (count[C_RAW_HEAD] + count[C_RAW] - 1) % rings.shape[1]
        else:
            count[C_RAW_HEAD] = (count[C_RAW_HEAD] + 1) % rings.shape[1]
        value[F_ITEM] = rings[RAW_RING, at]
        count[C_RAW] -= 1
    else:
        count[C_ITEM] = NOTHING


@exact_kernel
def _arrive(value: Floats, count: Ints, delays: Ints, early_s: float, now_s: float) -> None:
    """What was being sent is on the ground."""
    delay_s = now_s - value[F_ITEM]
    if count[C_ITEM] == RAW:
        count[C_ARRIVED] += 1
        delays[0, delay_bin(delay_s)] += 1
        if value[F_ITEM] <= early_s and delay_s <= DAY_S:
            count[C_WITHIN] += 1
    else:
        count[C_RESULTS] += 1
        delays[1, delay_bin(delay_s)] += 1
    count[C_ITEM] = NOTHING


@exact_kernel
def _rates(value: Floats, count: Ints, parameter: Floats, sends: bool) -> tuple[float, float, float, float]:
    """Rates until the next event: images captured and processed, bytes sent and uploaded in a second; 0 where it does not go on."""
    up, waits = value[F_UP], value[F_UPLOAD] > 0.0
    capture = parameter[P_CAPTURE] * up if max(value[F_NOW], value[F_FROM]) < value[F_UNTIL] else 0.0
    work = value[F_RATE] if count[C_WAIT] > 0 and not waits else 0.0
    send = parameter[P_SEND_BYTE_S] * up if sends and count[C_ITEM] != NOTHING else 0.0
    upload = parameter[P_UPLOAD_BYTE_S] * up if sends and waits else 0.0
    return capture, work, send, upload


@exact_kernel
def _ends_s(value: Floats, count: Ints, number: Ints, rates: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Moments at which an image is complete, processed, sent, and the upload done, at these rates [s]."""
    capture, work, send, upload = rates
    now_s = value[F_NOW]
    image_s = max(now_s, value[F_FROM]) + (1.0 - value[F_CAPTURE]) / capture if capture > 0.0 else NEVER_S
    if image_s > value[F_UNTIL]:
        image_s = NEVER_S
    work_s = now_s + (1.0 - value[F_WORK]) / work if work > 0.0 else NEVER_S
    send_from_s = max(now_s, value[F_LINK_FROM])
    size = number[N_IMAGE] if count[C_ITEM] == RAW else number[N_RESULT]
    sent_s = send_from_s + (size - value[F_SENT]) / send if send > 0.0 else NEVER_S
    upload_s = send_from_s + value[F_UPLOAD] / upload if upload > 0.0 else NEVER_S
    return image_s, work_s, sent_s, upload_s


@exact_kernel
def _go_on(value: Floats, count: Ints, rates: tuple[float, float, float, float], next_s: float) -> None:
    """Everything goes on until the next event."""
    capture, work, send, upload = rates
    now_s = value[F_NOW]
    captured_for_s = min(next_s, value[F_UNTIL]) - max(now_s, value[F_FROM])
    if captured_for_s > 0.0:
        value[F_CAPTURE] += capture * captured_for_s
    if work > 0.0:
        value[F_WORK] += work * (next_s - now_s)
        value[F_BUSY] += next_s - now_s
    linked_for_s = max(0.0, next_s - max(now_s, value[F_LINK_FROM]))
    if count[C_WAIT] > 0 and value[F_UPLOAD] > 0.0:
        value[F_WAITS] += next_s - now_s
        value[F_LOADS] += linked_for_s if upload > 0.0 else 0.0
    value[F_SENT] += send * linked_for_s
    value[F_UPLOAD] -= upload * linked_for_s
    value[F_NOW] = next_s


@exact_kernel
def follow(images: Images, satellite: int, until_s: float, stop: bool) -> bool:
    """Follow a satellite from its own moment to until_s; True where it stops before, with nothing left to send.

    Parameters
    ----------
    images : Images
        State of all satellites, changed in place; F_RATE is the rate of processing [images/s], F_FROM to F_UNTIL the time in
        which a satellite captures [s], F_UP the share of its rates that availability leaves.
    satellite : int
        The satellite.
    until_s : float
        Where to stop [s].
    stop : bool
        Whether to stop when a linked satellite has nothing left to send.

    Returns
    -------
    bool
        Whether it stopped for that.
    """
    value, count, rings = images.values[satellite], images.counts[satellite], images.rings[satellite]
    parameter, number = images.parameter, images.number
    early_s = parameter[P_EARLY_S]
    linked = count[C_LINK] >= 0
    while True:
        sends = linked and value[F_LINK_FROM] < NEVER_S
        if sends and count[C_ITEM] == NOTHING:
            _take_next(value, count, rings, number)
        if stop and linked and count[C_ITEM] == NOTHING and value[F_UPLOAD] <= 0.0:
            return True
        if value[F_NOW] >= until_s:
            return False
        rates = _rates(value, count, parameter, sends)
        image_s, work_s, sent_s, upload_s = _ends_s(value, count, number, rates)
        next_s = min(min(image_s, work_s), min(min(sent_s, upload_s), until_s))
        _go_on(value, count, rates, next_s)
        # what ends there ends exactly
        if sent_s <= next_s:
            _arrive(value, count, images.delays, early_s, next_s)
        if upload_s <= next_s:
            value[F_UPLOAD] = 0.0
            value[F_UPLOADED] = next_s
        if work_s <= next_s:
            value[F_WORK] = 0.0
            _processed(value, count, rings, number, parameter[P_KEEP])
        if image_s <= next_s:
            value[F_CAPTURE] = 0.0
            if next_s <= early_s:
                count[C_EARLY] += 1
            _capture(count, rings, number, next_s)
