"""Dawndusk's views: what a results folder holds, drawn. Reads results and nothing else; needs no network."""
