"""Every setting of a study: its name, bounds, default and description, a module a section.

The types are those of Python; `Annotated` adds bounds as (keyword, value) of JSON schema; the text
below a field describes it. The schema of a study file, the options of the programs and of the
rules, and the fingerprint of a training are made from here. The settings of the transport are in
`transport/settings.py`, since that package stands alone.
"""
