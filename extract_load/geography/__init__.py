"""Coordinates of areas: offline by place names (gazetteer), then online from a geocoder for doubtful ones."""

from extract_load.geography.gazetteer import AreaQuery, Location, continents, locate_areas

__all__ = ["AreaQuery", "Location", "continents", "locate_areas"]
