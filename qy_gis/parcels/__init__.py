"""Parcels in and out."""
