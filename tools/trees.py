"""The trees of pages, for those who only look something up in them.

Sphinx unpickles the tree of a page for each numbered reference to it, a second of work where figures are large; a book
has hundreds of such references.
"""

from __future__ import annotations

from functools import cache

from sphinx.domains.std import StandardDomain


@cache
def tree(env, docname):
    """The tree of a page as it was read: it is shared, so nothing in it may be changed."""
    return env.get_doctree(docname)


class Reader:
    """An environment whose trees are shared."""

    def __init__(self, env):
        self.env = env

    def __getattr__(self, name):
        return getattr(self.env, name)

    def get_doctree(self, docname):
        """As that of the environment."""
        return tree(self.env, docname)


class Domain(StandardDomain):
    """Sphinx's own, which looks numbers up in shared trees."""

    def resolve_xref(self, env, *reference):
        """As Sphinx does."""
        return super().resolve_xref(Reader(env), *reference)


def setup(app):
    """Called by Sphinx."""
    app.add_domain(Domain, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
