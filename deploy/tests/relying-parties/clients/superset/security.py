"""In place of Superset's, which is Flask-AppBuilder's but for what has nothing to do with signing in."""

from flask_appbuilder.security.sqla.manager import SecurityManager as SupersetSecurityManager  # noqa: F401
