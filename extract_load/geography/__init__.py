"""Where areas are: offline from place names (gazetteer), then online from a geocoder (coordinates)."""

from extract_load.geography.gazetteer import AreaQuery, Location, continents, locate_areas

__all__ = ["AreaQuery", "Location", "continents", "locate_areas"]
