"""Physical constants: value, unit suffix, source. The only file in which a physical constant is written as a number.

Keys in brackets resolve in docs/references.bib.
"""

from typing import Final

# --- Earth -----------------------------------------------------------------------------------------------------
MU_EARTH_M3_S2: Final = 3.986004418e14  # gravitational parameter [iers2010:table 1.1]
EARTH_RADIUS_M: Final = 6378137.0  # equatorial radius, WGS 84 [nima2000:table 3.1]
EARTH_FLATTENING: Final = 1.0 / 298.257223563  # WGS 84 [nima2000:table 3.1]
EARTH_MEAN_RADIUS_M: Final = EARTH_RADIUS_M * (1.0 - EARTH_FLATTENING / 3.0)  # (2 a + b)/3 [nima2000:ch. 3]
EARTH_ROTATION_RAD_S: Final = 7.292115e-5  # nominal mean angular velocity [iers2010:table 1.2]
J2: Final = 1.08262668e-3  # second zonal harmonic, EGM96 unnormalised [vallado2013:table D-1]
J3: Final = -2.53265649e-6  # further zonal harmonics, EGM96 unnormalised [vallado2013:table D-1]
J4: Final = -1.61962159e-6  # [vallado2013:table D-1]
J5: Final = -2.27296083e-7  # [vallado2013:table D-1]
J6: Final = 5.40681239e-7  # [vallado2013:table D-1]

# --- what element sets of SGP4 are made with -----------------------------------------------------------------------
WGS72_MU_KM3_S2: Final = 398600.8  # [vallado2006:table 1]
WGS72_RADIUS_KM: Final = 6378.135  # [vallado2006:table 1]
WGS72_J2: Final = 0.001082616  # [vallado2006:table 1]
WGS72_J3: Final = -0.00000253881  # [vallado2006:table 1]
WGS72_J4: Final = -0.00000165597  # [vallado2006:table 1]

# --- Sun -------------------------------------------------------------------------------------------------------
AU_M: Final = 149597870700.0  # astronomical unit, exact [iau2012b2]
SUN_RADIUS_M: Final = 695.7e6  # nominal solar radius [iau2015b3]
MU_SUN_M3_S2: Final = 1.32712440041e20  # gravitational parameter [iers2010:table 1.1]
SOLAR_CONSTANT_W_M2: Final = 1361.0  # nominal total solar irradiance at 1 au [iau2015b3]
MU_MOON_M3_S2: Final = MU_EARTH_M3_S2 * 0.0123000371  # mass ratio Moon to Earth [iers2010:table 1.1]
OBLIQUITY_DEG: Final = 23.4392911  # mean obliquity of the ecliptic, J2000 [meeus1998:eq. 22.2]
TROPICAL_YEAR_D: Final = 365.2421897  # mean tropical year, J2000 [laskar1986]

# --- physics ---------------------------------------------------------------------------------------------------
SPEED_OF_LIGHT_M_S: Final = 299792458.0  # exact [si2019]
STEFAN_BOLTZMANN_W_M2_K4: Final = 5.670374419e-8  # exact to the digits given [codata2018]
ZERO_CELSIUS_K: Final = 273.15  # exact [si2019]

# --- time ------------------------------------------------------------------------------------------------------
SECONDS_PER_DAY: Final = 86400.0
JD_J2000: Final = 2451545.0  # 2000-01-01 12:00 TT
JD_MJD_0: Final = 2400000.5  # 1858-11-17 00:00, from which modified Julian dates count
TT_MINUS_TAI_S: Final = 32.184  # exact [iers2010:ch. 10]
