"""An application made with Flask-AppBuilder, with the superset_config.py of the recipe: it says who is signed in, and their roles."""

import logging
import os

import superset_config
from flask import Flask, g, jsonify
from flask_appbuilder import AppBuilder
from flask_appbuilder.utils.legacy import get_sqla_class
from flask_login import login_required

logging.basicConfig()
app = Flask(__name__)
app.config.from_object(superset_config)
app.config.update(SECRET_KEY=os.urandom(32), SQLALCHEMY_DATABASE_URI="sqlite://",
                  FAB_SECURITY_MANAGER_CLASS="superset_config.GatehouseSecurityManager")
db = get_sqla_class()()
db.init_app(app)
with app.app_context():
    appbuilder = AppBuilder(app, db.session)
    for role in ("Alpha", "Gamma"):  # Superset's
        appbuilder.sm.add_role(role)


@app.get("/me")
@login_required
def me():
    return jsonify(username=g.user.username, email=g.user.email, roles=sorted(role.name for role in g.user.roles))
