"""Radios and telescopes of the schema as the parameters of links to the ground. Loads numpy; validation does without it."""

from __future__ import annotations

from sim.config.schema import Carriers, Radio, RadioEnd, Telescope
from sim.network import optical_ground, radio


def radio_link(item: Radio) -> radio.Radio:
    """Parameters of a radio link.

    Parameters
    ----------
    item : Radio
        Item of kind `radio`.

    Returns
    -------
    sim.network.radio.Radio
        The link.
    """
    return radio.Radio(
        ground=_end(item.ground),
        space=_end(item.space),
        down=_carriers(item.down),
        up=_carriers(item.up),
        polarisations=item.polarisations,
        roll_off=item.roll_off,
        margin_db=item.margin,
        losses_db=item.losses,
        antennas=item.antennas,
    )


def telescope_link(item: Telescope) -> optical_ground.Telescope:
    """Parameters of a laser link to a telescope.

    Parameters
    ----------
    item : Telescope
        Item of kind `telescope`.

    Returns
    -------
    sim.network.optical_ground.Telescope
        The link.
    """
    return optical_ground.Telescope(
        transmit_power_w=item.transmit_power,
        transmit_aperture_m=item.transmit_aperture,
        wavelength_m=item.wavelength,
        transmit_efficiency=item.transmit_efficiency,
        pointing_jitter_rad=item.pointing_jitter,
        receive_aperture_m=item.receive_aperture,
        receive_efficiency=item.receive_efficiency,
        zenith_transmittance=item.zenith_transmittance,
        photons_per_bit=item.photons_per_bit,
        channels=item.channels,
        channel_rate_bit_s=item.channel_rate,
        telescopes=item.telescopes,
    )


def _end(end: RadioEnd) -> radio.End:
    return radio.End(diameter_m=end.diameter, efficiency=end.efficiency, power_w=end.power, noise_k=end.noise)


def _carriers(carriers: Carriers) -> radio.Carriers:
    return radio.Carriers(frequency_hz=carriers.frequency, bandwidth_hz=carriers.bandwidth, channels=carriers.channels)
