"""Charts drawn on the server as SVG: pure functions from numbers to markup, every foreign text escaped.

No `style=` attributes (the content security policy forbids them): geometry stands in attributes, colours in classes.
"""
